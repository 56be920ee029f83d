using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.LocalModels.Endpoints;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LocalFirst.Guard.Tests.LocalModels;

public sealed class OpenAiCompatibleExecutorTests
{
    private const string Hello = """{"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}""";
    private const string Lo = """{"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}""";
    private const string Usage = """{"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":2}}""";

    private static readonly ChatRequest Request = new([new ChatMessage("user", "PROMPT-TEXT"), new ChatMessage("tool", "result")], 50);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_in_slow_chunks_that_cut_characters_is_read_whole()
    {
        string? body = null;
        await using var server = await ServeAsync(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            body = await reader.ReadToEndAsync();
            var bytes = Encoding.UTF8.GetBytes($": comment\r\nevent: x\r\ndata: {Hello.Replace("Hel", "Größe ", StringComparison.Ordinal)}\r\n\r\ndata:{Lo}\n\ndata: {Usage}\n\ndata: [DONE]\n\n");
            foreach (var chunk in bytes.Chunk(7))
            {
                await context.Response.Body.WriteAsync(chunk);
                await context.Response.Body.FlushAsync();
            }
        });

        var (text, done) = await AnswerAsync(server);

        Assert.Equal("Größe lo", text);
        Assert.Equal(new AnswerEvent.Done(StopReason.EndTurn, 11, 2), done);
        using var json = JsonDocument.Parse(body!);
        Assert.Equal("model-x", json.RootElement.GetProperty("model").GetString());
        Assert.Equal(50, json.RootElement.GetProperty("max_tokens").GetInt32());
        Assert.True(json.RootElement.GetProperty("stream").GetBoolean());
        Assert.Equal("user", json.RootElement.GetProperty("messages")[1].GetProperty("role").GetString());
    }

    [Fact]
    public async Task Without_usage_the_tokens_are_estimated()
    {
        await using var server = await ServeAsync(context => context.Response.WriteAsync($"data: {Hello}\n\ndata: {Lo}\n\n"));

        var (_, done) = await AnswerAsync(server);

        Assert.Equal(new AnswerEvent.Done(StopReason.EndTurn, 5, 2), done);
    }

    [Theory]
    [InlineData(404, "does not know the model")]
    [InlineData(401, "wants a credential")]
    [InlineData(302, "redirects")]
    [InlineData(500, "HTTP 500")]
    public async Task An_error_status_is_told_without_the_servers_words(int status, string expected)
    {
        await using var server = await ServeAsync(async context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "http://127.0.0.1:1/elsewhere";
            await context.Response.WriteAsync("PROMPT-TEXT");
        });

        var error = await FailAsync(server);

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("PROMPT-TEXT", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data: nonsense\n\n", "not an OpenAI event stream")]
    [InlineData("data: [1]\n\n", "not an OpenAI event stream")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n", "hung up")]
    [InlineData("data: {\"error\":{\"message\":\"PROMPT-TEXT\"}}\n\n", "reported an error")]
    [InlineData("", "hung up")]
    public async Task A_wrong_stream_is_an_error(string stream, string expected)
    {
        await using var server = await ServeAsync(context => context.Response.WriteAsync(stream));

        var error = await FailAsync(server);

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("PROMPT-TEXT", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_without_end_is_an_error_and_not_memory()
    {
        await using var server = await ServeAsync(async context =>
        {
            await context.Response.WriteAsync("data: ");
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(new string('x', 65_536), context.RequestAborted);
            }
        });

        Assert.Contains("longer than is accepted", (await FailAsync(server)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_hangs_up_in_the_middle_is_an_error()
    {
        await using var server = await ServeAsync(async context =>
        {
            await context.Response.WriteAsync($"data: {Hello}\n\n");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });

        Assert.Contains("hung up", (await FailAsync(server)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_server_is_an_error()
    {
        await using var server = await ServeAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var executor = new OpenAiCompatibleExecutor(AddressOf(server), "model-x", TimeSpan.FromMilliseconds(300));

        var error = await Assert.ThrowsAsync<ExecutorException>(() => DemoModelFixture.CollectAsync(executor.CompleteAsync(Request, Cancellation)));

        Assert.Contains("silent", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_request_closes_the_connection()
    {
        var aborted = new TaskCompletionSource();
        await using var server = await ServeAsync(async context =>
        {
            context.RequestAborted.Register(() => aborted.TrySetResult());
            await context.Response.WriteAsync($"data: {Hello}\n\n");
            await context.Response.Body.FlushAsync();
            await aborted.Task;
        });
        using var executor = new OpenAiCompatibleExecutor(AddressOf(server), "model-x");
        using var stop = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in executor.CompleteAsync(Request, stop.Token))
            {
                await stop.CancelAsync();
            }
        });

        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    [Fact]
    public async Task An_endpoint_that_is_not_there_is_an_error_with_its_mend()
    {
        using var executor = new OpenAiCompatibleExecutor("http://127.0.0.1:1/v1", "model-x");

        var error = await Assert.ThrowsAsync<ExecutorException>(() => DemoModelFixture.CollectAsync(executor.CompleteAsync(Request, Cancellation)));

        Assert.Contains("cannot be reached", error.Message, StringComparison.Ordinal);
        Assert.Contains("guard model use", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:11434")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("http://user:password@127.0.0.1")]
    [InlineData("http://127.0.0.1/?key=1")]
    public void A_strange_address_is_refused(string address) =>
        Assert.Throws<ExecutorException>(() => new OpenAiCompatibleExecutor(address, "model-x"));

    [Theory]
    [InlineData("http://127.0.0.1:11434", "http://127.0.0.1:11434/")]
    [InlineData("http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434/")]
    [InlineData("https://inference.example/team/v1", "https://inference.example/team/")]
    public void Addresses_come_with_or_without_their_version(string written, string expected) =>
        Assert.Equal(expected, OpenAiCompatibleExecutor.Normalize(written).ToString());

    [Fact]
    public async Task A_found_server_is_offered_and_nothing_is_sent_to_it()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var offers = await ExecutorOffers.FindAsync([("Ollama", port), ("nobody", 1)], Cancellation);

        Assert.Equal([new ExecutorOffer("Ollama", $"http://127.0.0.1:{port}")], offers);
        using var connection = await listener.AcceptSocketAsync(Cancellation);
        Assert.Equal(0, await connection.ReceiveAsync(new byte[1], Cancellation));
    }

    private static async Task<WebApplication> ServeAsync(RequestDelegate handle)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(handle);
        await app.StartAsync(Cancellation);
        return app;
    }

    private static string AddressOf(WebApplication server) => server.Urls.Single();

    private static async Task<(string Text, AnswerEvent.Done? Done)> AnswerAsync(WebApplication server)
    {
        using var executor = new OpenAiCompatibleExecutor(AddressOf(server), "model-x");
        return await DemoModelFixture.CollectAsync(executor.CompleteAsync(Request, Cancellation));
    }

    private static Task<ExecutorException> FailAsync(WebApplication server) =>
        Assert.ThrowsAsync<ExecutorException>(() => AnswerAsync(server));
}
