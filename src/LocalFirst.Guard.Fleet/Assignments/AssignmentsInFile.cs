using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Policies.Yaml;

namespace LocalFirst.Guard.Fleet.Assignments;

/// <summary>
/// The assignments of a file that the operator keeps, for example in version control. The file is looked at whenever somebody asks, so a change holds
/// from the next question on; while it is broken, the last good one stays in force. Safe for concurrent use.
/// </summary>
public sealed class AssignmentsInFile : IAssignmentSource, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly string _path;
    private readonly IFleetStore _store;
    private readonly IServerJournal _journal;
    private readonly TimeProvider _time;
    private byte[]? _seen;
    private AssignmentsInForce _last = new(AssignmentSet.Empty, "", 0, "", null, null, null);

    private AssignmentsInFile(string path, IFleetStore store, IServerJournal journal, TimeProvider time)
    {
        _path = path;
        _store = store;
        _journal = journal;
        _time = time;
    }

    /// <summary>Reads the file for the first time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="store">The fleet, whose policies the file may name.</param>
    /// <param name="journal">The server's own log.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="PolicyException">It cannot be read.</exception>
    /// <exception cref="YamlFileException">It says something that is no assignment, or names a policy that does not exist.</exception>
    public static async Task<AssignmentsInFile> OpenAsync(string path, IFleetStore store, IServerJournal journal, TimeProvider time, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(time);
        var source = new AssignmentsInFile(path, store, journal, time);
        try
        {
            var bytes = Read(path);
            await source.TakeAsync(bytes, cancellation);
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<AssignmentsInForce> ReadAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            // The bytes, not the time of change: two saves within one tick of the file system's clock are still two.
            byte[]? bytes = null;
            try
            {
                bytes = Read(_path);
                if (_seen is null || !bytes.AsSpan().SequenceEqual(_seen))
                {
                    await TakeAsync(bytes, cancellation);
                }
            }
            catch (Exception e) when (e is YamlFileException or PolicyException)
            {
                if (_last.Problem != e.Message)
                {
                    await _journal.RecordAsync("assignments-file-broken", $"The file of assignments is not in force as it is now; the last good one stays. {e.Message.ReplaceLineEndings(" ")}", "", cancellation);
                    _last = _last with { Problem = e.Message };
                }

                // A policy that is missing may be made at any time, so what failed is looked at again.
                _seen = null;
            }

            return _last;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task TakeAsync(byte[] bytes, CancellationToken cancellation)
    {
        var set = AssignmentFile.Parse(bytes, _path);
        var stored = await _store.ListDocumentsAsync(FleetDocument.PolicyKind, cancellation);
        new PolicyLibrary(stored.ToDictionary(d => d.Name, d => d.Text, StringComparer.Ordinal)).Check(set, _path);
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        await _journal.RecordAsync("assignments-file-read", string.Create(CultureInfo.InvariantCulture, $"{set.Assignments.Count} assignments of the file {_path} are in force, SHA-256 {hash}."), "", cancellation);
        _last = new AssignmentsInForce(set, Encoding.UTF8.GetString(bytes), 0, "", _time.GetUtcNow(), _path, null);
        _seen = bytes;
    }

    private static byte[] Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            var buffer = new byte[YamlReader.MaxBytes + 1];
            return buffer[..stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new PolicyException($"The file of assignments {path} cannot be read ({e.GetType().Name}).", "Check fleet.assignments in guard.yaml, and that the server may read the file.");
        }
    }
}
