using System.Text.Json;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Lifecycle;

/// <summary>A model that is missing or broken costs the local answer, never the broker and never a leak.</summary>
public sealed class ModelFileTests
{
    [Fact]
    public async Task A_missing_GGUF_cannot_be_added()
    {
        using var home = new TestFolder();

        var result = await GuardCli.RunAsync(home.Path, ["model", "add", home.File("no-such-model.gguf"), "--home", home.Path]);

        Assert.True(result.ExitCode == 2, result.Everything);
        Assert.Contains("no-such-model.gguf", result.Error, StringComparison.Ordinal);
        Assert.Contains("→", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_corrupt_GGUF_cannot_be_added()
    {
        using var home = new TestFolder();
        await File.WriteAllTextAsync(home.File("broken.gguf"), "this is no model", Bounded.Test);

        var result = await GuardCli.RunAsync(home.Path, ["model", "add", home.File("broken.gguf"), "--home", home.Path]);

        Assert.True(result.ExitCode == 2, result.Everything);
        Assert.Contains("broken.gguf", result.Error, StringComparison.Ordinal);
        Assert.Contains("→", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_model_that_went_bad_after_it_was_chosen_refuses_what_must_stay_and_lets_the_rest_go_on(bool missing)
    {
        using var home = new TestFolder();
        await using var provider = await FakeProvider.StartAsync();
        await GuardProcess.ConfigureAsync(home.Path, provider);
        await DemoModel.EnsureAsync(home.Path);
        var file = Directory.EnumerateFiles(home.File("models"), "*.gguf").Single();
        if (missing)
        {
            File.Delete(file);
        }
        else
        {
            // The head still says GGUF, so only a real load finds out.
            await using var stream = new FileStream(file, FileMode.Open);
            stream.SetLength(stream.Length / 2);
        }

        await using var guard = await GuardProcess.StartAsync(home.Path);
        var kept = await PostAsync(guard, $"token {Some.GitHubToken()}");
        var clean = Some.CleanPrompt();
        var forwarded = await PostAsync(guard, clean);

        Assert.Equal(400, kept.Status);
        Assert.Contains("LocalFirst.Guard", kept.Text, StringComparison.Ordinal);
        Assert.Equal(200, forwarded.Status);
        Assert.Contains(clean, Assert.Single(provider.Requests).BodyText, StringComparison.Ordinal);
        Assert.True(guard.IsRunning);
    }

    private static async Task<RawResponse> PostAsync(GuardProcess guard, string prompt)
    {
        await using var connection = await RawConnection.OpenAsync(guard.Proxy);
        var body = JsonSerializer.SerializeToUtf8Bytes(new { model = "gpt-5", messages = new[] { new { role = "user", content = prompt } } });
        return await connection.RequestAsync("POST", "/openai/v1/chat/completions", guard.Proxy.Authority, ["Content-Type: application/json"], body);
    }
}
