using System.Diagnostics;
using System.Globalization;
using LocalFirst.Guard.Testing;

namespace LocalFirst.Guard.EndToEnd.Clients;

/// <summary>Runs an agent where nothing but one port of this machine can be reached, whatever the agent tries.</summary>
internal static class LoopbackNamespace
{
    private const string Enter = "ip link set lo up && exec \"$0\" \"$@\"";

    private static readonly Lazy<Task<string?>> Missing = new(ProbeAsync);

    /// <summary>Skips the test by name where the machine cannot make a network namespace.</summary>
    public static async Task RequireAsync()
    {
        var missing = await Missing.Value;
        Tools.Require(missing is null, missing ?? "");
    }

    /// <summary>The command inside a namespace of its own, in which 127.0.0.1:port is what the bridge carries.</summary>
    public static async Task<ProcessStartInfo> CommandAsync(PortBridge bridge, string file, IEnumerable<string> args, IReadOnlyDictionary<string, string> environment, string folder)
    {
        await RequireAsync();
        var script = Path.Combine(await NodeClients.FolderAsync(), "loopback-only.mjs");
        return Processes.Command(
            "unshare",
            ["-rn", "sh", "-c", Enter, NodeClients.Find("node")!, script, bridge.Port.ToString(CultureInfo.InvariantCulture), bridge.Path, file, .. args],
            environment,
            folder);
    }

    private static async Task<string?> ProbeAsync()
    {
        if (!OperatingSystem.IsLinux() || NodeClients.Find("unshare") is null || NodeClients.Find("ip") is null)
        {
            return "Network namespaces need Linux with unshare and ip (.ci/prepare installs util-linux and iproute2).";
        }

        var probe = await Processes.RunAsync(Processes.Command("unshare", ["-rn", "sh", "-c", Enter, "true"]));
        return probe.ExitCode == 0 ? null : $"This machine does not let a user make a network namespace: {probe.Error.Trim()}";
    }
}
