using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LocalFirst.Guard.LocalModels.Hosting;

/// <summary>How much confinement to try.</summary>
internal enum ConfinementTier
{
    /// <summary>Own user, network and mount namespace with a root of its own.</summary>
    Full,

    /// <summary>Own user and network namespace; files as the user's.</summary>
    NetworkOnly,

    /// <summary>None: the system allows none, or is not Linux.</summary>
    None,
}

/// <summary>Builds the command that starts the model host: empty environment, and as much confinement as the tier says.</summary>
internal static class HostLauncher
{
    private static readonly string[] ToolFolders = ["/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/"];

    /// <summary>Exit code of the launch script, and of <c>unshare</c> itself, when the system forbids a namespace.</summary>
    public static bool SaysForbidden(int exitCode) => exitCode is 1 or 97 or 126 or 127;

    /// <summary>The highest tier that this system has the tools for.</summary>
    public static ConfinementTier Highest =>
        OperatingSystem.IsLinux() && Tool("unshare") is not null && Tool("setpriv") is not null ? ConfinementTier.Full : ConfinementTier.None;

    /// <summary>Builds it.</summary>
    /// <param name="tier">How much confinement to try.</param>
    /// <param name="workFolder">A private folder: holds the socket's folder and the folder that the new root is built in.</param>
    /// <param name="readable">Paths that the host may read besides the program and the runtime.</param>
    /// <param name="isGpu">Whether GPU devices must be reachable.</param>
    /// <param name="arguments">Arguments of the host.</param>
    /// <exception cref="ExecutorException">The host's program is missing.</exception>
    public static ProcessStartInfo Build(ConfinementTier tier, HostFolder workFolder, IEnumerable<string> readable, bool isGpu, IEnumerable<string> arguments)
    {
        var program = Program(out var programFolders);
        var command = new List<string>();
        if (tier == ConfinementTier.Full)
        {
            command.AddRange([Tool("unshare")!, "--user", "--map-root-user", "--net", "--mount", "--ipc", "--uts", "--", "/bin/sh", "-c", Script(), "confine"]);
            command.AddRange([workFolder.Root, workFolder.Socket, isGpu ? "gpu" : "cpu", .. programFolders, .. readable, "--"]);
        }
        else if (tier == ConfinementTier.NetworkOnly)
        {
            command.AddRange([Tool("unshare")!, "--user", "--map-root-user", "--net", "--ipc", "--uts", "--"]);
        }

        if (tier != ConfinementTier.None)
        {
            // Root of the namespace needs its capabilities for the mounts only; with noroot and no bounding set, none survives this execution.
            command.AddRange([Tool("setpriv")!, "--no-new-privs", "--securebits", "+noroot,+noroot_locked", "--inh-caps=-all", "--bounding-set=-all", "--"]);
        }

        command.AddRange([.. program, .. arguments]);
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = workFolder.Path,
        };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        foreach (var (name, value) in Environment(programFolders))
        {
            start.Environment[name] = value;
        }

        return start;
    }

    // Nothing of the broker's environment: it holds people's API keys.
    private static IEnumerable<(string Name, string Value)> Environment(IReadOnlyList<string> programFolders)
    {
        yield return ("DOTNET_EnableDiagnostics", "0");
        yield return ("DOTNET_TieredPGO", "0");
        yield return ("GGML_NO_BACKTRACE", "1");
        if (programFolders.Count > 1)
        {
            yield return ("DOTNET_ROOT", programFolders[1]);
        }

        if (OperatingSystem.IsWindows())
        {
            // Sockets and cryptography of Windows do not start without it.
            yield return ("SystemRoot", System.Environment.GetFolderPath(System.Environment.SpecialFolder.Windows));
        }
    }

    private static List<string> Program(out List<string> folders)
    {
        var folder = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var assembly = Path.Combine(folder, "LocalFirst.Guard.ModelHost.dll");
        if (!File.Exists(assembly))
        {
            throw new ExecutorException($"The model host is missing from {folder}.\n  → Install the program again; all its files belong together.");
        }

        // The runtime that runs the broker runs the host: <root>/shared/Microsoft.NETCore.App/<version>/.
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var muxer = Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
        if (File.Exists(muxer))
        {
            folders = [folder, Path.TrimEndingDirectorySeparator(root)];
            return [muxer, "exec", assembly];
        }

        folders = [folder];
        return [Path.Combine(folder, OperatingSystem.IsWindows() ? "LocalFirst.Guard.ModelHost.exe" : "LocalFirst.Guard.ModelHost")];
    }

    private static string? Tool(string name) =>
        ToolFolders.Select(folder => folder + name).FirstOrDefault(File.Exists);

    private static string Script()
    {
        using var stream = typeof(HostLauncher).Assembly.GetManifestResourceStream("hosting/confine.sh")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
