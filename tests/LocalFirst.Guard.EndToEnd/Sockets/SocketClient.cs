using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Clients;

namespace LocalFirst.Guard.EndToEnd.Sockets;

/// <summary>.NET's own WebSocket client on its way through the broker, with every wait bounded.</summary>
internal sealed class SocketClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly HttpMessageInvoker _invoker;

    private SocketClient(HttpMessageInvoker invoker) => _invoker = invoker;

    public ClientWebSocket Socket => _socket;

    /// <summary>Opens <c>/v1/responses</c> of OpenAI.</summary>
    public static async Task<SocketClient> OpenAsync(GuardProcess guard, Way way = Way.Proxy, Version? version = null, bool deflate = false, string path = "/v1/responses", Action<ClientWebSocketOptions>? more = null)
    {
        var client = New(guard, way);
        try
        {
            client.Configure(version ?? HttpVersion.Version11, deflate);
            more?.Invoke(client._socket.Options);
            await client._socket.ConnectAsync(Address(guard, way, path), client._invoker, Bounded.Test).Within("the opening of a WebSocket");
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Tries to open one that is refused; gives the status.</summary>
    public static async Task<int> RefusedAsync(GuardProcess guard, Way way = Way.Proxy, Version? version = null, string path = "/v1/responses", Action<ClientWebSocketOptions>? more = null)
    {
        await using var client = New(guard, way);
        client.Configure(version ?? HttpVersion.Version11, deflate: false);
        more?.Invoke(client._socket.Options);
        await Xunit.Assert.ThrowsAnyAsync<WebSocketException>(() => client._socket.ConnectAsync(Address(guard, way, path), client._invoker, Bounded.Test).Within("the refusal of a WebSocket"));
        return (int)client._socket.HttpStatusCode;
    }

    public static string Create(string input, bool generate = true) => generate
        ? JsonSerializer.Serialize(new { type = "response.create", model = "gpt-5", input })
        : JsonSerializer.Serialize(new { type = "response.create", model = "gpt-5", generate = false, input });

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text), true);

    /// <summary>Sends one fragment of a text message.</summary>
    public Task SendAsync(byte[] bytes, bool isLast) => _socket.SendAsync(bytes, WebSocketMessageType.Text, isLast, Bounded.Test).Within("the sending of a message");

    /// <summary>The next message, or null for a close.</summary>
    public async Task<string?> NextAsync()
    {
        var buffer = new byte[64 * 1024];
        using var whole = new MemoryStream();
        while (true)
        {
            var received = await _socket.ReceiveAsync(buffer, Bounded.Test).Within("the next message");
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            whole.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return Encoding.UTF8.GetString(whole.ToArray());
            }
        }
    }

    public async Task<JsonElement> NextJsonAsync() => JsonElement.Parse(await NextAsync() ?? throw new InvalidOperationException($"The socket was closed with {_socket.CloseStatus} {_socket.CloseStatusDescription}."));

    /// <summary>The events of one answer, up to the last.</summary>
    public async Task<IReadOnlyList<JsonElement>> AnswerAsync()
    {
        var events = new List<JsonElement>();
        do
        {
            events.Add(await NextJsonAsync());
        }
        while (TypeOf(events[^1]) is not ("response.completed" or "response.failed" or "error"));

        return events;
    }

    public static string TypeOf(JsonElement message) => message.GetProperty("type").GetString()!;

    public static string TextOf(IEnumerable<JsonElement> events) =>
        string.Concat(events.Where(e => TypeOf(e) == "response.output_text.delta").Select(e => e.GetProperty("delta").GetString()));

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _invoker.Dispose();
        return ValueTask.CompletedTask;
    }

    private static SocketClient New(GuardProcess guard, Way way)
    {
        var handler = new SocketsHttpHandler();
        if (way == Way.Proxy)
        {
            handler.Proxy = new WebProxy(guard.Proxy);
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(guard.RootPem));
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        return new SocketClient(new HttpMessageInvoker(handler));
    }

    private static Uri Address(GuardProcess guard, Way way, string path) =>
        new(way == Way.Proxy ? $"wss://api.openai.com{path}" : $"ws://{guard.Proxy.Authority}/openai{path}");

    private void Configure(Version version, bool deflate)
    {
        _socket.Options.HttpVersion = version;
        _socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        _socket.Options.CollectHttpResponseDetails = true;
        _socket.Options.SetRequestHeader("Authorization", "Bearer dummy-key-of-a-test");
        if (deflate)
        {
            _socket.Options.DangerousDeflateOptions = new WebSocketDeflateOptions();
        }
    }
}
