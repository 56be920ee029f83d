using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using LocalFirst.Guard.LocalModels.Hosting;
using LocalFirst.Guard.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.LocalModels;

public sealed class ConfinementTests(DemoModelFixture demo)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Code_inside_the_host_reaches_no_network_no_keys_and_no_other_process()
    {
        var result = await TryFromInsideAsync(ConfinementTier.Full);

        Assert.Equal("NetworkUnreachable", result.GetProperty("tcp").GetString());
        Assert.Equal("DirectoryNotFoundException", result.GetProperty("read").GetString());
        Assert.NotEqual("possible", result.GetProperty("write").GetString());
        Assert.NotEqual("possible", result.GetProperty("trace").GetString());
        Assert.Equal("possible", result.GetProperty("socket_folder").GetString());
        Assert.True(result.GetProperty("confinement").GetProperty("confined").GetBoolean(), result.ToString());
    }

    [Fact]
    public async Task Where_files_cannot_be_hidden_the_network_still_is_and_the_rest_is_told()
    {
        var result = await TryFromInsideAsync(ConfinementTier.NetworkOnly);

        Assert.Equal("NetworkUnreachable", result.GetProperty("tcp").GetString());
        Assert.StartsWith("partly unconfined", result.GetProperty("confinement").GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unconfined_host_says_that_it_is()
    {
        var result = await TryFromInsideAsync(ConfinementTier.None);

        Assert.Equal("possible", result.GetProperty("tcp").GetString());
        Assert.False(result.GetProperty("confinement").GetProperty("confined").GetBoolean());
        Assert.Contains("network reachable", result.GetProperty("confinement").GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_gets_nothing_of_the_brokers_environment()
    {
        Environment.SetEnvironmentVariable("LFG_TEST_SECRET", "value");
        var result = await TryFromInsideAsync(ConfinementTier.None);

        // DOTNET_EnableDiagnostics, DOTNET_TieredPGO, GGML_NO_BACKTRACE, DOTNET_ROOT.
        Assert.Equal(4, result.GetProperty("environment").GetInt32());
    }

    private async Task<JsonElement> TryFromInsideAsync(ConfinementTier tier)
    {
        Tools.Require(
            OperatingSystem.IsLinux() && (tier == ConfinementTier.None || HostLauncher.Highest != ConfinementTier.None),
            "unshare and setpriv (util-linux) are absent");

        var keys = Path.Combine(demo.Folder, "keys");
        Directory.CreateDirectory(keys);
        var secret = Path.Combine(keys, $"{Guid.NewGuid():N}.pem");
        await File.WriteAllTextAsync(secret, "not for the host", Cancellation);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var folder = HostFolder.Create(demo.RunFolder);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string[] arguments = ["--self-test-confinement", folder.Socket, port, secret, secret + ".new", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)];
        using var process = Process.Start(HostLauncher.Build(tier, folder, [demo.ModelPath], false, arguments))!;
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Tools.Require(!HostLauncher.SaysForbidden(process.ExitCode), $"this system forbids namespaces: {errors}");
        Assert.True(process.ExitCode == 0, errors);
        return JsonDocument.Parse(output).RootElement;
    }
}
