using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Clients;

/// <summary>One thing that an SDK script reported.</summary>
/// <param name="Kind"><c>request</c>, <c>response</c>, <c>text</c>, <c>done</c> or <c>error</c>.</param>
/// <param name="Fields">The whole line.</param>
internal sealed record SdkEvent(string Kind, JsonElement Fields)
{
    public string Text => Fields.GetProperty("text").GetString()!;

    public int Status => Fields.GetProperty("status").GetInt32();

    public string Message => Fields.GetProperty("message").GetString()!;

    public string BodySha256 => Fields.GetProperty("sha256").GetString()!;
}

/// <summary>The real SDKs, each with its provider.</summary>
public enum Sdk
{
    OpenAiChat,
    OpenAiResponses,
    AnthropicMessages,
}

/// <summary>How a client finds the broker.</summary>
public enum Way
{
    /// <summary><c>HTTPS_PROXY</c> and the broker's root: CONNECT, decrypted by the broker.</summary>
    Proxy,

    /// <summary>The SDK's base URL is the broker's own address.</summary>
    BaseUrl,
}

/// <summary>A running script of <c>tests/clients</c>: one exchange of a real SDK, told line by line.</summary>
internal sealed class SdkClient : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private SdkClient(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public static string PathOf(Sdk sdk) => sdk switch
    {
        Sdk.OpenAiChat => "/v1/chat/completions",
        Sdk.OpenAiResponses => "/v1/responses",
        _ => "/v1/messages",
    };

    /// <summary>Starts it with the given variables; a base URL takes it past them.</summary>
    public static async Task<SdkClient> StartAsync(Sdk sdk, string prompt, bool stream, Uri? baseUrl, IReadOnlyDictionary<string, string> environment)
    {
        var folder = await NodeClients.FolderAsync();
        var script = sdk switch
        {
            Sdk.OpenAiChat => "openai-chat.mjs",
            Sdk.OpenAiResponses => "openai-responses.mjs",
            _ => "anthropic-messages.mjs",
        };
        string[] args = [script, .. stream ? ["--stream"] : Array.Empty<string>(), .. baseUrl is null ? [] : new[] { "--base-url", baseUrl.ToString() }];
        var process = Process.Start(Processes.Command("node", args, environment, folder))!;
        await process.StandardInput.WriteAsync(prompt);
        process.StandardInput.Close();
        return new SdkClient(process);
    }

    /// <summary>The next thing that it reports.</summary>
    public async Task<SdkEvent> NextAsync()
    {
        var line = await _process.StandardOutput.ReadLineAsync().Within("the client's next event");
        if (line is null)
        {
            throw new InvalidOperationException($"The client ended without a result: {await _errors.Within("its error output")}");
        }

        var fields = JsonElement.Parse(line);
        return new SdkEvent(fields.GetProperty("event").GetString()!, fields);
    }

    /// <summary>The next thing that it reports, which must be of this kind.</summary>
    public async Task<SdkEvent> NextAsync(string kind)
    {
        var next = await NextAsync();
        Assert.True(next.Kind == kind, $"The client reported {next.Fields.GetRawText()} where `{kind}` was expected.");
        return next;
    }

    /// <summary>Skips pieces of text until the exchange is over: <c>done</c> or <c>error</c>.</summary>
    public async Task<SdkEvent> EndAsync()
    {
        while (true)
        {
            if (await NextAsync() is { Kind: "done" or "error" } end)
            {
                return end;
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        Processes.End(_process);
        _process.Dispose();
        return ValueTask.CompletedTask;
    }
}
