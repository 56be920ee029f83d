using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Interception;

/// <summary>What the broker cannot read does not leave: not one connection towards the provider.</summary>
[Collection<WithoutModel>]
public sealed class ClosedByDefaultTests(BrokerWithoutModel broker)
{
    [Theory]
    [InlineData(Way.Proxy, "/v1/realtime")]
    [InlineData(Way.Proxy, "/v1/realtime?model=gpt-realtime")]
    [InlineData(Way.Proxy, "/v1/responses/")]
    [InlineData(Way.Proxy, "/v1/chat/completions")]
    [InlineData(Way.BaseUrl, "/v1/realtime")]
    public async Task An_upgrade_to_a_WebSocket_that_the_catalogue_does_not_know_is_refused_with_426(Way way, string path)
    {
        await using var connection = await OpenAsync(way);
        var key = Convert.ToBase64String(Guid.NewGuid().ToByteArray());

        var response = await connection.RequestAsync(
            "GET",
            $"{Prefix(way)}{path}",
            HostOf(way),
            ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", $"Sec-WebSocket-Key: {key}"],
            default);

        Assert.Equal(426, response.Status);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("Sec-WebSocket-Version: 12")]
    [InlineData("Sec-WebSocket-Key: too-short")]
    [InlineData("Upgrade: h2c")]
    [InlineData("Connection: Upgrade, X-Note")]
    public async Task An_upgrade_that_is_no_well_formed_WebSocket_is_refused_with_426(string odd)
    {
        string[] usual = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
        await using var connection = await OpenAsync(Way.Proxy);

        var response = await connection.RequestAsync("GET", "/v1/responses", "api.openai.com", usual.Select(h => h.Split(':')[0] == odd.Split(':')[0] ? odd : h), default);

        Assert.Equal(426, response.Status);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("application/grpc")]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc-web+proto")]
    [InlineData("application/connect+proto")]
    [InlineData("application/connect+json")]
    public async Task A_stream_of_enveloped_messages_is_refused(string contentType)
    {
        byte[] envelope = [0, 0, 0, 0, 2, 0x0a, 0x00];

        var response = await PostAsync("/aiserver.v1.ChatService/Stream", [$"Content-Type: {contentType}"], envelope);

        Assert.True(IsRefusal(response), response.ToString());
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_gRPC_call_over_HTTP_2_is_refused_before_its_stream_ends()
    {
        using var root = X509CertificateLoader.LoadCertificateFromFile(broker.Guard.RootPem);
        using var handler = new SocketsHttpHandler { Proxy = new WebProxy(broker.Guard.Proxy) };
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(root);
        handler.SslOptions.CertificateChainPolicy = policy;
        using var client = new HttpClient(handler);
        var endless = new TaskCompletionSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "https://api.openai.com/some.Service/Talk")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new OpenEndedContent([0, 0, 0, 0, 2, 0x0a, 0x00], endless.Task),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Bounded.Test).Within("an answer to a gRPC call whose stream is still open");

            Assert.True((int)response.StatusCode >= 400 || response.Headers.Contains("grpc-status"), response.ToString());
            AssertNothingLeft();
        }
        finally
        {
            endless.SetResult();
        }
    }

    [Theory]
    [InlineData("/v1/files", "multipart/form-data; boundary=b")]
    [InlineData("/v1/chat/completions", "text/plain")]
    [InlineData("/v1/chat/completions", "application/octet-stream")]
    [InlineData("/v1/anything", "application/x-protobuf")]
    [InlineData("/v1/anything", "application/msgpack")]
    public async Task A_body_without_a_decoder_is_refused(string path, string contentType)
    {
        var response = await PostAsync(path, [$"Content-Type: {contentType}"], "--b\r\nnot a form that anybody here can read\r\n--b--\r\n"u8.ToArray());

        AssertRefused(response);
    }

    [Fact]
    public async Task A_body_without_a_content_type_that_is_no_json_is_refused() =>
        AssertRefused(await PostAsync("/v1/anything", [], "plain words"u8.ToArray()));

    [Theory]
    [InlineData("GET", "/v1/models?note={0}")]
    [InlineData("GET", "/v1/models/{0}")]
    [InlineData("DELETE", "/v1/files/{0}")]
    public async Task A_secret_in_the_path_or_query_of_a_request_without_a_body_does_not_leave(string method, string target)
    {
        await using var connection = await OpenAsync(Way.Proxy);

        var response = await connection.RequestAsync(
            method,
            string.Format(System.Globalization.CultureInfo.InvariantCulture, target, Some.GitHubToken()),
            "api.openai.com",
            [],
            default);

        AssertRefused(response);
    }

    [Fact]
    public async Task A_secret_in_a_header_that_is_not_the_credential_does_not_leave() =>
        AssertRefused(await PostAsync("/v1/chat/completions", ["Content-Type: application/json", $"X-Note: {Some.GitHubToken()}"], Chat("hello")));

    [Fact]
    public async Task A_secret_in_a_property_name_does_not_leave() =>
        AssertRefused(await PostAsync("/v1/chat/completions", ["Content-Type: application/json"], Encoding.UTF8.GetBytes($$"""{"model":"gpt-5","messages":[],"metadata":{"{{Some.GitHubToken()}}":"1"} }""")));

    [Fact]
    public async Task A_secret_behind_a_duplicate_key_does_not_leave() =>
        AssertRefused(await PostAsync(
            "/v1/chat/completions",
            ["Content-Type: application/json"],
            Encoding.UTF8.GetBytes($$"""{"model":"gpt-5","messages":[{"role":"user","content":"{{Some.GitHubToken()}}","content":"hello"}]}""")));

    [Fact]
    public async Task A_secret_in_bytes_after_the_json_value_does_not_leave() =>
        AssertRefused(await PostAsync("/v1/chat/completions", ["Content-Type: application/json"], [.. Chat("hello"), .. Encoding.UTF8.GetBytes($"\n{Some.GitHubToken()}")]));

    [Fact]
    public async Task A_secret_written_with_json_escapes_does_not_leave()
    {
        var escaped = string.Concat(Some.GitHubToken().Select(c => $"\\u{(int)c:x4}"));

        AssertRefused(await PostAsync("/v1/chat/completions", ["Content-Type: application/json"], Chat(escaped)));
    }

    [Fact]
    public async Task A_secret_in_json_that_is_itself_a_json_string_does_not_leave()
    {
        var twice = System.Text.Json.JsonEncodedText.Encode(System.Text.Json.JsonSerializer.Serialize(new { file = $"token={Some.GitHubToken()}" })).ToString();

        AssertRefused(await PostAsync("/v1/chat/completions", ["Content-Type: application/json"], Chat(twice)));
    }

    [Fact]
    public async Task A_secret_to_an_endpoint_of_unknown_form_does_not_leave() =>
        AssertRefused(await PostAsync("/v1/some/new/thing", ["Content-Type: application/json"], Encoding.UTF8.GetBytes($$"""{"a":[{"b":"{{Some.GitHubToken()}}"}]}""")));

    private static byte[] Chat(string escapedText) =>
        Encoding.UTF8.GetBytes($$"""{"model":"gpt-5","messages":[{"role":"user","content":"{{escapedText}}"}]}""");

    private static bool IsRefusal(RawResponse response) => response.Status >= 400 || response.Header("grpc-status") is not (null or "0");

    private static string Prefix(Way way) => way == Way.BaseUrl ? "/openai" : "";

    private string HostOf(Way way) => way == Way.BaseUrl ? broker.Guard.Proxy.Authority : "api.openai.com";

    private Task<RawConnection> OpenAsync(Way way) =>
        way == Way.BaseUrl ? RawConnection.OpenAsync(broker.Guard.Proxy) : RawConnection.ThroughAsync(broker.Guard, "api.openai.com");

    private async Task<RawResponse> PostAsync(string path, IEnumerable<string> headers, byte[] body)
    {
        await using var connection = await OpenAsync(Way.Proxy);
        return await connection.RequestAsync("POST", path, "api.openai.com", headers, body);
    }

    private void AssertRefused(RawResponse response)
    {
        Assert.True(response.Status == 400, response.ToString());
        Assert.Contains("LocalFirst.Guard", response.Text, StringComparison.Ordinal);
        AssertNothingLeft();
    }

    private void AssertNothingLeft()
    {
        Assert.Equal(0, broker.Provider.Connections);
        Assert.Equal(0, broker.Provider.Bytes);
        Assert.True(broker.Guard.IsRunning);
    }

    /// <summary>A body that has begun and goes on until it is let end.</summary>
    private sealed class OpenEndedContent(byte[] start, Task end) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(start);
            await stream.FlushAsync();
            await end;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
