using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Fleet.Api;
using LocalFirst.Guard.Fleet.Bundles;
using LocalFirst.Guard.Fleet.Requests;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>What strangers in the network, and an enrolled device that means harm, can do to the server: nothing that lasts.</summary>
public sealed class HostileRequestTests
{
    private const string Entries = "/api/log/add-entries";

    [Fact]
    public async Task A_strangers_body_is_not_even_waited_for()
    {
        await using var setup = new ServerSetup();
        await using var server = await setup.StartAsync();
        using var stranger = new HandDrivenDevice(setup.File("root.pem"));
        await using var connection = await TlsConnection.OpenAsync(server);

        await connection.SendAsync(Head(server, stranger.Identity, "POST", Entries, 4_000_000, DeviceSignature.DigestOf([])));

        Assert.StartsWith("HTTP/1.1 401 ", await connection.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_has_few_bodies_in_memory_and_none_that_is_too_long()
    {
        await using var setup = new ServerSetup();
        await setup.StartDirectoryAsync();
        await using var server = await setup.StartAsync();
        using var device = new HandDrivenDevice(setup.File("root.pem"));
        await device.EnrolAsync(server.Url, setup.Directory.Token("member"));
        await using var tooLong = await TlsConnection.OpenAsync(server);
        await tooLong.SendAsync(Head(server, device.Identity, "POST", Entries, 1_000_000_000, DeviceSignature.DigestOf([])));
        Assert.StartsWith("HTTP/1.1 413 ", await tooLong.AnswerAsync(), StringComparison.Ordinal);

        // Four that send their heads and then nothing: two are waited for, two are refused at once.
        var slow = new List<TlsConnection>();
        for (var i = 0; i < 4; i++)
        {
            slow.Add(await TlsConnection.OpenAsync(server));
            await slow[^1].SendAsync(Head(server, device.Identity, "POST", Entries, 4_000_000, DeviceSignature.DigestOf([])));
        }

        var answers = await Task.WhenAll(slow.Select(s => s.AnswerAsync()));
        Assert.Equal(2, answers.Count(a => a.StartsWith("HTTP/1.1 429 ", StringComparison.Ordinal)));

        // Kestrel has ended those that sent nothing; then there is room again.
        using var client = device.NewClient(server.Url);
        await Bounded.UntilAsync(async () => (await HandDrivenDevice.PostAsync(client, Entries, [])).Status == HttpStatusCode.BadRequest, "room for a body after the slow ones were ended");
        foreach (var connection in slow)
        {
            await connection.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_was_recorded_and_is_sent_again_after_a_restart_changes_nothing()
    {
        await using var setup = new ServerSetup();
        var database = setup.File("fleet.db");
        setup.Fleet["database"] = database;
        await setup.StartDirectoryAsync();
        using var device = new HandDrivenDevice(setup.File("root.pem"));
        await device.WriteAsync(300);
        var source = await device.SourceAsync();
        var (body, size) = (await source.CheckpointAsync(1, 0, Bounded.Test))!.Value;
        var recorded = new List<(string Path, byte[] Body, string Input, string Signature)>();
        await using (var server = await setup.StartAsync())
        {
            await device.EnrolAsync(server.Url, setup.Directory.Token("member"));
            foreach (var (path, content) in new[] { ("/api/log/add-checkpoint", Encoding.UTF8.GetBytes(body)), (Entries, await source.EntriesAsync(1, 0, size, Bounded.Test)) })
            {
                var signature = Sign(server, device.Identity, "POST", path, DeviceSignature.DigestOf(content));
                recorded.Add((path, content, signature.InputValue, signature.SignatureValue));
                Assert.Equal(HttpStatusCode.OK, await ReplayAsync(server, recorded[^1]));
                Assert.Equal(HttpStatusCode.Unauthorized, await ReplayAsync(server, recorded[^1]));
            }

            Assert.True(await device.TryUploadAsync(server.Url));
            await device.AssertWholeAsync(database);
            await server.KillAsync();
        }

        await using var again = await setup.StartAsync();
        Assert.All(await Task.WhenAll(recorded.Select(r => ReplayAsync(again, r))), status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.Conflict, status.ToString()));
        await device.AssertWholeAsync(database);
    }

    [Fact]
    public async Task A_body_is_what_was_signed_and_never_unpacked()
    {
        await using var setup = new ServerSetup();
        await setup.StartDirectoryAsync();
        await using var server = await setup.StartAsync();
        using var device = new HandDrivenDevice(setup.File("root.pem"));
        await device.EnrolAsync(server.Url, setup.Directory.Token("member"));

        // Another body than the signed one.
        var signature = Sign(server, device.Identity, "POST", Entries, DeviceSignature.DigestOf("signed"u8));
        Assert.Equal(HttpStatusCode.Unauthorized, await ReplayAsync(server, (Entries, "other!"u8.ToArray(), signature.InputValue, signature.SignatureValue), DeviceSignature.DigestOf("signed"u8)));

        // A gigabyte of zeros in a megabyte is a megabyte that is no upload.
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var i = 0; i < 64; i++)
            {
                await gzip.WriteAsync(new byte[1_000_000], Bounded.Test);
            }
        }

        using var client = device.NewClient(server.Url);
        using var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        using var answer = await client.PostAsync(new Uri(Entries, UriKind.Relative), content, Bounded.Test);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);

        // Two signatures in one request: which one counts is nothing to guess about.
        await using var connection = await TlsConnection.OpenAsync(server);
        var head = Head(server, device.Identity, "GET", "/api/policy", 0, DeviceSignature.DigestOf([]));
        var line = head.Split("\r\n").First(l => l.StartsWith(DeviceSignature.SignatureHeader + ":", StringComparison.Ordinal));
        await connection.SendAsync(head.Replace(line, line + "\r\n" + line, StringComparison.Ordinal));
        Assert.StartsWith("HTTP/1.1 401 ", await connection.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_can_neither_take_the_place_of_another_nor_get_its_bundle()
    {
        await using var setup = new ServerSetup();
        await setup.StartDirectoryAsync();
        await using var server = await setup.StartAsync();
        using var victim = new HandDrivenDevice(setup.File("root.pem"));
        using var attacker = new HandDrivenDevice(setup.File("root.pem"));
        await victim.EnrolAsync(server.Url, setup.Directory.Token("member"));
        await attacker.EnrolAsync(server.Url, setup.Directory.Token("member"));
        var fleet = victim.Fleet!;

        // The victim's id with the attacker's key; and the victim's own proof with the token of somebody else.
        var takeover = new EnrolmentRequest(victim.Identity.DeviceId, "mine", Convert.ToBase64String(attacker.Identity.PublicKey), Convert.ToBase64String(attacker.Identity.Sign(EnrolmentRequest.Message(fleet.Fleet, victim.Identity.DeviceId, "oid-member"))));
        Assert.Equal(HttpStatusCode.Conflict, await EnrolAsync(server, takeover, setup.Directory.Token("member")));
        var proof = new EnrolmentRequest(victim.Identity.DeviceId, "mine", Convert.ToBase64String(victim.Identity.PublicKey), Convert.ToBase64String(victim.Identity.Sign(EnrolmentRequest.Message(fleet.Fleet, victim.Identity.DeviceId, "oid-member"))));
        Assert.Equal(HttpStatusCode.BadRequest, await EnrolAsync(server, proof, setup.Directory.Token("eve")));

        // A request in the victim's name with the attacker's signature.
        var signature = DeviceSignature.Create(victim.Identity.DeviceId, m => attacker.Identity.Sign(m), SignedRequest.Of("GET", new Uri(server.Url, "/api/policy"), DeviceSignature.DigestOf([])), DateTimeOffset.UtcNow);
        using var plain = server.NewClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/api/policy", UriKind.Relative));
        request.Headers.TryAddWithoutValidation(DeviceSignature.DigestHeader, DeviceSignature.DigestOf([]));
        request.Headers.TryAddWithoutValidation(DeviceSignature.InputHeader, signature.InputValue);
        request.Headers.TryAddWithoutValidation(DeviceSignature.SignatureHeader, signature.SignatureValue);
        using var answer = await plain.SendAsync(request, Bounded.Test);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);

        // What the attacker gets is its own, and the victim refuses it.
        using var client = attacker.NewClient(server.Url);
        var note = await client.GetStringAsync(new Uri($"/api/policy?device={victim.Identity.DeviceId}", UriKind.Relative), Bounded.Test);
        var key = VerifierKey.Parse(fleet.PolicyKey);
        Assert.Equal(attacker.Identity.DeviceId, new BundleVerifier(key, fleet.Fleet, attacker.Identity.DeviceId).Verify(note, null, DateTimeOffset.UtcNow).Device);
        Assert.Throws<BundleRefusedException>(() => new BundleVerifier(key, fleet.Fleet, victim.Identity.DeviceId).Verify(note, null, DateTimeOffset.UtcNow));
    }

    [Fact]
    public async Task Names_are_text_and_nothing_else()
    {
        await using var setup = new ServerSetup();
        await setup.StartDirectoryAsync();
        await using (var server = await setup.StartAsync())
        {
            using var device = new HandDrivenDevice(setup.File("root.pem"));
            var id = device.Identity.DeviceId;
            using var client = server.NewClient();
            var fleet = (await client.GetFromJsonAsync<FleetDescription>(new Uri(FleetDescription.Path, UriKind.Relative), Bounded.Test))!;
            const string person = "x'); DROP TABLE devices;--\n2026-11-25 portal-signed-in admin@example.test: all roles";
            var proof = Convert.ToBase64String(device.Identity.Sign(EnrolmentRequest.Message(fleet.Fleet, id, "oid-" + person)));
            Assert.Equal(HttpStatusCode.OK, await EnrolAsync(server, new EnrolmentRequest(id, "'); DROP TABLE people;--", Convert.ToBase64String(device.Identity.PublicKey), proof), setup.Directory.Token(person)));
            Assert.Equal(HttpStatusCode.BadRequest, await EnrolAsync(server, new EnrolmentRequest(id, "two\nlines", Convert.ToBase64String(device.Identity.PublicKey), proof), setup.Directory.Token(person)));
            using var signed = device.NewClient(server.Url);
            Assert.NotEmpty(await signed.GetStringAsync(new Uri("/api/policy", UriKind.Relative), Bounded.Test));
        }

        var tail = await Broker.AuditTail.ReadAsync(setup.Home);
        var enrolled = Assert.Single(tail, r => r.Type == "event" && r.Text("name") == "device-enrolled");
        Assert.DoesNotContain('\n', enrolled.Text("detail")!);
        Assert.DoesNotContain("admin@example.test: ", enrolled.Text("detail")!, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> EnrolAsync(ServerProcess server, EnrolmentRequest request, string token)
    {
        using var client = server.NewClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await client.PostAsJsonAsync(new Uri("/api/devices", UriKind.Relative), request, Bounded.Test);
        return answer.StatusCode;
    }

    private static async Task<HttpStatusCode> ReplayAsync(ServerProcess server, (string Path, byte[] Body, string Input, string Signature) recorded, string? digest = null)
    {
        using var client = server.NewClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(recorded.Path, UriKind.Relative)) { Content = new ByteArrayContent(recorded.Body) };
        request.Headers.TryAddWithoutValidation(DeviceSignature.DigestHeader, digest ?? DeviceSignature.DigestOf(recorded.Body));
        request.Headers.TryAddWithoutValidation(DeviceSignature.InputHeader, recorded.Input);
        request.Headers.TryAddWithoutValidation(DeviceSignature.SignatureHeader, recorded.Signature);
        using var answer = await client.SendAsync(request, Bounded.Test);
        return answer.StatusCode;
    }

    private static DeviceSignature Sign(ServerProcess server, DeviceIdentity identity, string method, string path, string digest) =>
        DeviceSignature.Create(identity.DeviceId, m => identity.Sign(m), SignedRequest.Of(method, new Uri(server.Url, path), digest), DateTimeOffset.UtcNow);

    private static string Head(ServerProcess server, DeviceIdentity identity, string method, string path, long length, string digest)
    {
        var signature = Sign(server, identity, method, path, digest);
        return $"{method} {path} HTTP/1.1\r\nHost: {server.Url.Authority}\r\nContent-Length: {length}\r\n{DeviceSignature.DigestHeader}: {digest}\r\n{DeviceSignature.InputHeader}: {signature.InputValue}\r\n{DeviceSignature.SignatureHeader}: {signature.SignatureValue}\r\n\r\n";
    }

    /// <summary>A connection on which nothing is sent but what the test says.</summary>
    private sealed class TlsConnection : IAsyncDisposable
    {
        private readonly TcpClient _client = new();
        private SslStream? _stream;

        public static async Task<TlsConnection> OpenAsync(ServerProcess server)
        {
            var connection = new TlsConnection();
            await connection._client.ConnectAsync(IPAddress.Loopback, server.Url.Port, Bounded.Test);
            connection._stream = new SslStream(connection._client.GetStream());
            await connection._stream.AuthenticateAsClientAsync(server.Tls(), Bounded.Test);
            return connection;
        }

        public async Task SendAsync(string text)
        {
            await _stream!.WriteAsync(Encoding.ASCII.GetBytes(text), Bounded.Test);
            await _stream.FlushAsync(Bounded.Test);
        }

        /// <summary>The status line.</summary>
        public async Task<string> AnswerAsync()
        {
            var reader = new StreamReader(_stream!, Encoding.ASCII, leaveOpen: true);
            return await reader.ReadLineAsync(Bounded.Test).AsTask().Within("an answer before the body") ?? "";
        }

        public async ValueTask DisposeAsync()
        {
            await _stream!.DisposeAsync();
            _client.Dispose();
        }
    }
}
