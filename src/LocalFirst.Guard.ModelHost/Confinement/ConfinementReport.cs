using System.Net.Sockets;
using System.Text.Json;

namespace LocalFirst.Guard.ModelHost.Confinement;

/// <summary>What this process finds to be true of its own confinement. Observed from inside, not taken from the launcher's word.</summary>
/// <param name="NoNetwork">Only an interface that is down, and a connection attempt ends in "unreachable".</param>
/// <param name="ReadOnlyFiles">Every mount but the socket's folder and device nodes is read-only, under a root of its own.</param>
/// <param name="NoNewPrivileges">Executing a program cannot add privileges, and no capability is held.</param>
/// <param name="OwnUser">In a user namespace of its own.</param>
internal sealed record ConfinementReport(bool NoNetwork, bool ReadOnlyFiles, bool NoNewPrivileges, bool OwnUser)
{
    /// <summary>All of it holds.</summary>
    public bool IsConfined => NoNetwork && ReadOnlyFiles && NoNewPrivileges && OwnUser;

    /// <summary>One phrase for status lines.</summary>
    public string Description
    {
        get
        {
            if (IsConfined)
            {
                return "confined";
            }

            var missing = new List<string>();
            Add(NoNetwork, "network reachable");
            Add(ReadOnlyFiles, "files as the user's");
            Add(NoNewPrivileges, "privileges not dropped");
            Add(OwnUser, "no user namespace");
            return (missing.Count == 4 ? "unconfined: " : "partly unconfined: ") + string.Join(", ", missing);

            void Add(bool holds, string text)
            {
                if (!holds)
                {
                    missing.Add(text);
                }
            }
        }
    }

    /// <summary>Observes.</summary>
    /// <param name="socketFolder">The one folder that may be written.</param>
    public static ConfinementReport Observe(string socketFolder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new ConfinementReport(false, false, false, false);
        }

        try
        {
            return new ConfinementReport(HasNoNetwork(), HasReadOnlyFiles(socketFolder), HasNoPrivileges(), HasOwnUser());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ConfinementReport(false, false, false, false);
        }
    }

    /// <summary>Writes it as a JSON object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteBoolean("confined", IsConfined);
        json.WriteBoolean("no_network", NoNetwork);
        json.WriteBoolean("read_only_files", ReadOnlyFiles);
        json.WriteBoolean("no_new_privileges", NoNewPrivileges);
        json.WriteBoolean("own_user", OwnUser);
        json.WriteString("description", Description);
        json.WriteEndObject();
    }

    private static bool HasNoNetwork()
    {
        var interfaces = File.ReadLines("/proc/self/net/dev").Skip(2).Select(line => line.Split(':')[0].Trim()).ToArray();
        if (interfaces.Any(name => name != "lo"))
        {
            return false;
        }

        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // Port 9 (discard): where the interface is up this is refused or accepted, where it is down it cannot be reached at all.
            socket.Connect(System.Net.IPAddress.Loopback, 9);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.AddressNotAvailable;
        }
    }

    // proc(5), /proc/pid/mountinfo: the fifth field is the mount point, the sixth its options. Spaces are written \040.
    private static bool HasReadOnlyFiles(string socketFolder)
    {
        foreach (var line in File.ReadLines("/proc/self/mountinfo"))
        {
            var fields = line.Split(' ');
            var mount = fields[4].Replace("\\040", " ", StringComparison.Ordinal);

            // Device nodes and the kernel's own interfaces are not files that anybody keeps anything in.
            var isAllowed = mount == socketFolder || mount.StartsWith("/dev/", StringComparison.Ordinal) || mount.StartsWith("/proc/", StringComparison.Ordinal);
            if (!isAllowed && !fields[5].Split(',').Contains("ro"))
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasNoPrivileges()
    {
        var status = File.ReadAllLines("/proc/self/status");
        return Field("NoNewPrivs:") == "1" && Field("CapEff:").All(c => c == '0') && Field("CapPrm:").All(c => c == '0');

        string Field(string name) => status.FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?[name.Length..].Trim() ?? "?";
    }

    // user_namespaces(7): the initial namespace maps the whole range onto itself.
    private static bool HasOwnUser() => !File.ReadAllText("/proc/self/uid_map").Contains("4294967295", StringComparison.Ordinal);
}
