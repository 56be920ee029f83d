using System.Net;
using System.Net.Sockets;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Provider;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Lifecycle;

/// <summary><c>guard run</c> as a process: how it starts, how it ends, and what it says when it cannot.</summary>
public sealed class RunTests : IAsyncLifetime
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly TestFolder _home = new();
    private FakeProvider _provider = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await FakeProvider.StartAsync();
        await GuardProcess.ConfigureAsync(_home.Path, _provider);
    }

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task It_says_when_it_listens_keeps_its_keys_to_itself_and_ends_in_order()
    {
        await using var guard = await GuardProcess.StartAsync(_home.Path);

        Assert.Contains("BEGIN CERTIFICATE", await File.ReadAllTextAsync(guard.RootPem, Bounded.Test), StringComparison.Ordinal);
        var root = (await File.ReadAllTextAsync(guard.RootPem, Bounded.Test)).Trim().ReplaceLineEndings("\n");
        Assert.Contains(root, (await File.ReadAllTextAsync(guard.BundlePem, Bounded.Test)).ReplaceLineEndings("\n"), StringComparison.Ordinal);
        AssertPrivate(_home.Path);

        Assert.Equal(0, await guard.StopAsync());
        Assert.False(File.Exists(Path.Combine(_home.Path, "run", "broker.json")), "run/broker.json tells of a broker that has ended.");
    }

    [Fact]
    public async Task A_second_start_keeps_the_certificate_authority_and_the_log()
    {
        await using (var first = await GuardProcess.StartAsync(_home.Path))
        {
            await first.StopAsync();
        }

        var root = await File.ReadAllTextAsync(Path.Combine(_home.Path, "ca", "root.pem"), Bounded.Test);
        await using var second = await GuardProcess.StartAsync(_home.Path);

        Assert.Equal(root, await File.ReadAllTextAsync(second.RootPem, Bounded.Test));
        await AuditTail.AssertWholeAsync(_home.Path);
    }

    [Fact]
    public async Task It_drains_a_running_stream_for_at_most_five_seconds()
    {
        using var pace = new AnswerPace();
        _provider.Pace = pace;
        await using var guard = await GuardProcess.StartAsync(_home.Path);
        await using var connection = await RawConnection.OpenAsync(guard.Proxy);
        var body = """{"model":"gpt-5","stream":true,"messages":[{"role":"user","content":"hello"}]}"""u8.ToArray();
        await connection.SendAsync($"POST /openai/v1/chat/completions HTTP/1.1\r\nHost: {guard.Proxy.Authority}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n");
        await connection.SendAsync(body);
        await Bounded.UntilAsync(() => Task.FromResult(_provider.Requests.Count == 1), "the arrival of the request at the provider");

        Assert.Equal(0, await guard.StopAsync());
    }

    [Theory]
    [InlineData("run", "--no-such-flag")]
    [InlineData("run", "--listen", "not-an-address")]
    [InlineData("run", "--listen", "127.0.0.1:99999")]
    [InlineData("run", "--listen", "0.0.0.0:0")]
    [InlineData("run", "--config", "/no/such/guard.yaml")]
    [InlineData("no-such-command")]
    public async Task A_wrong_flag_ends_it_with_2_and_a_way_on(params string[] args)
    {
        var result = await GuardCli.RunAsync(_home.Path, [.. args, "--home", _home.Path]);

        AssertClearError(result);
    }

    [Theory]
    [InlineData("listen: [1, 2\n", "guard.yaml")]
    [InlineData("no-such-key: 1\n", "no-such-key")]
    [InlineData("listen: 127.0.0.1:0\nupstreams: 7\n", "upstreams")]
    [InlineData("listen: 127.0.0.1:0\nupstreams:\n  api.openai.com: http://plain.example\n", "api.openai.com")]
    [InlineData("upstreamTrust: /no/such/file.pem\n", "/no/such/file.pem")]
    [InlineData("policy: no-such-policy\n", "no-such-policy")]
    public async Task A_bad_configuration_ends_it_with_2_naming_file_and_place(string yaml, string named)
    {
        await File.WriteAllTextAsync(Path.Combine(_home.Path, "guard.yaml"), yaml, Bounded.Test);

        var result = await GuardCli.RunAsync(_home.Path, ["run", "--home", _home.Path, "--listen", "127.0.0.1:0", "--portal", "127.0.0.1:0"]);

        AssertClearError(result);
        Assert.Contains("guard.yaml", result.Error, StringComparison.Ordinal);
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--listen")]
    [InlineData("--portal")]
    public async Task A_port_that_is_taken_ends_it_with_2_naming_the_port(string option)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var other = option == "--listen" ? "--portal" : "--listen";

        var result = await GuardCli.RunAsync(_home.Path, ["run", "--home", _home.Path, option, $"127.0.0.1:{port}", other, "127.0.0.1:0"]);

        AssertClearError(result);
        Assert.Contains(port.ToString(System.Globalization.CultureInfo.InvariantCulture), result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_broker_of_the_same_home_is_refused_with_2()
    {
        await using var first = await GuardProcess.StartAsync(_home.Path);

        var second = await GuardCli.RunAsync(_home.Path, ["run", "--home", _home.Path, "--listen", "127.0.0.1:0", "--portal", "127.0.0.1:0"]);

        AssertClearError(second);
        Assert.True(first.IsRunning);
    }

    private static void AssertClearError(CommandResult result)
    {
        Assert.True(result.ExitCode == 2, result.Everything);
        Assert.StartsWith("guard: ", result.Error, StringComparison.Ordinal);
        Assert.Contains("→", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("unexpected error", result.Error, StringComparison.Ordinal);
    }

    /// <summary>Every file with a private key can be read by its owner alone.</summary>
    private static void AssertPrivate(string home)
    {
        var keys = new[] { "ca", "keys" }.Select(f => Path.Combine(home, f)).Where(Directory.Exists)
            .SelectMany(f => Directory.EnumerateFiles(f, "*", SearchOption.AllDirectories))
            .Where(f => f.Contains("key", StringComparison.OrdinalIgnoreCase) || File.ReadAllText(f).Contains("PRIVATE KEY", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(keys);
        if (!OperatingSystem.IsWindows())
        {
            foreach (var file in keys)
            {
                Assert.True((File.GetUnixFileMode(file) & Others) == 0, $"{file} is open to others.");
            }
        }
    }
}
