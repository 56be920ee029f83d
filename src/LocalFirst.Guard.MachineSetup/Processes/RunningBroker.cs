using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LocalFirst.Guard.MachineSetup.Processes;

/// <summary>
/// What <c>run/broker.json</c> in the home folder tells: the broker that runs there. The broker writes it once it listens and deletes it
/// when it ends; after kill −9 it stays, so a reader asks <see cref="AnswersAsync"/>.
/// </summary>
/// <param name="Pid">Process id.</param>
/// <param name="Proxy">Address of the proxy, for example <c>http://127.0.0.1:8899</c>.</param>
/// <param name="Portal">Address of the portal.</param>
public sealed partial record RunningBroker(int Pid, Uri Proxy, Uri Portal)
{
    /// <summary>Name of the file in the <c>run</c> folder.</summary>
    public const string FileName = "broker.json";

    /// <summary>A listener on this machine accepts at once; more means that nobody does.</summary>
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);

    /// <summary>Reads the file.</summary>
    /// <param name="runFolder">The <c>run</c> folder of a home.</param>
    /// <returns>Null when there is none, or none that can be read.</returns>
    public static RunningBroker? Read(string runFolder)
    {
        try
        {
            var read = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(runFolder, FileName)), Json.Default.RunningBroker);
            return read is { Pid: > 0, Proxy: { IsAbsoluteUri: true, IsLoopback: true }, Portal.IsAbsoluteUri: true } ? read : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the file; a reader sees all of it or nothing.</summary>
    /// <param name="runFolder">The <c>run</c> folder of a home; it exists.</param>
    public void Write(string runFolder)
    {
        var draft = Path.Combine(runFolder, $"{FileName}.{Pid}.new");
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(this, Json.Default.RunningBroker));
        File.Move(draft, Path.Combine(runFolder, FileName), overwrite: true);
    }

    /// <summary>Deletes the file, unless it tells of another broker by now.</summary>
    /// <param name="runFolder">The <c>run</c> folder of a home.</param>
    public void Delete(string runFolder)
    {
        if (Read(runFolder)?.Pid == Pid)
        {
            File.Delete(Path.Combine(runFolder, FileName));
        }
    }

    /// <summary>True when the process exists and its proxy accepts a connection.</summary>
    /// <param name="cancellation">Stops trying.</param>
    public async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        if (!UnixSignal.Exists(Pid))
        {
            return false;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ConnectLimit);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(Proxy.Host, Proxy.Port, limit.Token);
            return true;
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(RunningBroker))]
    private sealed partial class Json : JsonSerializerContext;
}
