using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LocalFirst.Guard.LocalModels.Hosting;
using LocalFirst.Guard.Testing;
using Xunit;

namespace LocalFirst.Guard.Conformance.LocalModels;

public sealed class StoriesTests
{
    // llama2.c's published expectation for this model (test_all.py, expected_stdout): its first sentences, as a hash, since the text is other people's.
    private const int GoldenLength = 126;
    private const string GoldenSha256 = "bf2a0ffc643d170f3875ff95939734e4a514e56c2e2846533a873e9fe57398b5";

    [Fact]
    public async Task A_trained_model_continues_its_story_as_its_authors_saw_it()
    {
        var model = TestData.Find("models/stories260k.gguf");
        var natives = NativesFolder.Find(null, AppContext.BaseDirectory);
        Tools.Require(natives is not null, "llama.cpp natives are absent (npm was not there at build)");
        var run = Directory.CreateTempSubdirectory("lfg-test-").FullName;
        try
        {
            await using var host = await HostProcess.StartAsync(new HostSettings(model, run), natives, HostLauncher.Highest, TestContext.Current.CancellationToken);
            using var body = new StringContent("""{"prompt":"Once upon a time","max_tokens":60}""", Encoding.UTF8, "application/json");
            var response = await host.Http.PostAsync("v1/completions", body, TestContext.Current.CancellationToken);
            using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            var text = "Once upon a time" + json.RootElement.GetProperty("choices")[0].GetProperty("text").GetString();

            Assert.InRange(text.Length, GoldenLength, int.MaxValue);
            Assert.Equal(GoldenSha256, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text[..GoldenLength]))));
        }
        finally
        {
            Directory.Delete(run, recursive: true);
        }
    }
}
