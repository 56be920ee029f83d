using System.Text;
using System.Text.Json;
using LocalFirst.Guard.LocalModels.Hosting;
using LocalFirst.Guard.Testing;
using Xunit;

namespace LocalFirst.Guard.Conformance.LocalModels;

public sealed class StoriesTests
{
    // llama2.c's published expectation for this model (test_all.py, expected_stdout), its first sentences.
    private const string Golden =
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball.";

    [Fact]
    public async Task A_trained_model_continues_its_story_as_its_authors_saw_it()
    {
        var data = Environment.GetEnvironmentVariable("GUARD_TEST_DATA") ?? FindBesideRepository();
        var model = Path.Combine(data ?? "", "models", "stories260k.gguf");
        if (!File.Exists(model))
        {
            Assert.Skip("stories260k.gguf is absent (GUARD_TEST_DATA)");
        }

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

            Assert.StartsWith(Golden, text, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(run, recursive: true);
        }
    }

    private static string? FindBesideRepository()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "LocalFirst.Guard.sln")))
            {
                return Path.Combine(at.Parent!.FullName, "shared", "data");
            }
        }

        return null;
    }
}
