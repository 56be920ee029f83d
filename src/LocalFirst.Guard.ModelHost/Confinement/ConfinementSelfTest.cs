using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace LocalFirst.Guard.ModelHost.Confinement;

/// <summary>
/// Tries from inside what the confinement must forbid and prints the outcome: for the tests and for a doctor who wants proof instead of a claim.
/// </summary>
internal static class ConfinementSelfTest
{
    /// <summary>Runs it.</summary>
    /// <param name="socketFolder">The one folder that may be written.</param>
    /// <param name="arguments">PORT of a loopback listener, FILE to read, FILE to write, and the process id to look into.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string socketFolder, string[] arguments)
    {
        if (arguments.Length != 4 || !int.TryParse(arguments[0], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return ExitCode.Usage;
        }

        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("tcp", Try(() =>
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Connect(IPAddress.Loopback, port);
            }));
            json.WriteString("read", Try(() => _ = File.ReadAllBytes(arguments[1])));
            json.WriteString("write", Try(() => File.WriteAllText(arguments[2], "written")));
            json.WriteString("trace", Try(() => _ = File.ReadAllBytes($"/proc/{arguments[3]}/environ")));
            json.WriteString("socket_folder", Try(() =>
            {
                var probe = Path.Combine(socketFolder, "probe");
                File.WriteAllText(probe, "written");
                File.Delete(probe);
            }));
            json.WriteNumber("environment", Environment.GetEnvironmentVariables().Count);
            json.WritePropertyName("confinement");
            ConfinementReport.Observe(socketFolder).Write(json);
            json.WriteEndObject();
        }

        Console.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
        return ExitCode.Success;
    }

    private static string Try(Action action)
    {
        try
        {
            action();
            return "possible";
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            return e is SocketException s ? s.SocketErrorCode.ToString() : e.GetType().Name;
        }
    }
}
