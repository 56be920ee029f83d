using System.Globalization;
using System.Text;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Audit.Notes;

namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>
/// Sends this device's log to the server, epoch by epoch (C2SP tlog-witness and tlog-mirror):
/// <code>
///  add-checkpoint ─▶ 200 pending ─▶ add-entries ─▶ 202, 202 … 200 cosignature ─▶ kept beside the log
///        ▲  409: the server has another size │             ▲  409: the server is elsewhere │
///        └───────────────────────────────────┘             └───────────────────────────────┘
/// </code>
/// Nothing about the progress is kept but the cosignature: after any interruption the server's own answers say where to go on. Not safe for concurrent
/// use.
/// </summary>
/// <param name="client">The server.</param>
/// <param name="options">The log.</param>
/// <param name="device">Id of this device.</param>
/// <param name="witness">The server's key for cosignatures.</param>
/// <param name="journal">Tells what happened.</param>
/// <param name="time">The clock.</param>
/// <param name="random">The jitter.</param>
public sealed class LogUpload(FleetClient client, AuditLogOptions options, string device, CosignatureKey witness, FleetJournal journal, TimeProvider time, Random random)
{
    private const string SizeType = "text/x.tlog.size";
    private const string ProgressType = "text/x.tlog.mirror-info";

    /// <summary>Corrections of one step by the server; more means that the two do not understand each other.</summary>
    private const int MostCorrections = 5;

    private readonly Pace _pace = new(Pace.DefaultUpload, random);
    private readonly CosignedCheckpoints _cosigned = new(options.DatabasePath);
    private readonly Dictionary<long, long> _done = [];
    private LogSource? _source;

    /// <summary>Uploads until it is stopped.</summary>
    /// <param name="stop">Stops it.</param>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(await TryAsync(stop) ? _pace.Worked() : _pace.Failed(), time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The way it ends.
        }
    }

    /// <summary>Sends everything that is not cosigned yet.</summary>
    /// <param name="stop">Stops it; what was sent stays there.</param>
    /// <returns>True when the server has everything.</returns>
    public async Task<bool> TryAsync(CancellationToken stop)
    {
        var isWhole = true;
        try
        {
            _source ??= (await AuditReader.OpenAsync(options, stop)).OpenUpload();
            foreach (var epoch in await _source.EpochsAsync(stop))
            {
                try
                {
                    await UploadAsync(_source, epoch, stop);
                }
                catch (FleetException e) when (e.Problem == FleetProblem.Refused)
                {
                    // One epoch that does not fit must not keep the others from being seen.
                    isWhole = false;
                    await journal.RecordOnceAsync(string.Create(CultureInfo.InvariantCulture, $"{epoch}"), "upload-refused", e.What);
                }
                catch (AuditException e)
                {
                    // Shorter than what the server has of it, most of all: the next epoch says what became of the log.
                    isWhole = false;
                    await FailAsync(e);
                }
            }
        }
        catch (AuditException e)
        {
            isWhole = false;
            await FailAsync(e);
        }
        catch (FleetException)
        {
            // Not reachable, not let in, failed: the poll of the policy says so aloud.
            isWhole = false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A mistake of this program: the upload goes on trying, and the device goes on guarding.
            isWhole = false;
            await journal.RecordOnceAsync(e.GetType().Name, "upload-failed", $"The upload failed unexpectedly ({e.GetType().Name}). Please report it.");
        }

        return isWhole;
    }

    private Task FailAsync(AuditException e) => journal.RecordOnceAsync(e.Message, "upload-failed", e.Message.Replace("\n  → ", " ", StringComparison.Ordinal));

    private async Task UploadAsync(LogSource source, long epoch, CancellationToken stop)
    {
        if (!_done.TryGetValue(epoch, out var done))
        {
            done = _done[epoch] = _cosigned.SizeOf(new LogOrigin(device, epoch), witness);
        }

        if (await source.SizeAsync(epoch, stop) == done)
        {
            return;
        }

        // 1  Commit to the tree.
        if (await CommitAsync(source, epoch, done, stop) is not var (note, size))
        {
            return;
        }

        // 2  Send its leaves; 3  keep the cosignature.
        var line = await SendAsync(source, epoch, done, size, stop);
        var cosigned = note + line;
        if (!IsCosigned(cosigned))
        {
            throw new FleetException(FleetProblem.Refused, "The fleet's server did not cosign this device's log with the key that was pinned at enrolment.", "Show this to your security team.");
        }

        _cosigned.Keep(epoch, cosigned);
        _done[epoch] = size;
    }

    private async Task<(string Note, long Size)?> CommitAsync(LogSource source, long epoch, long old, CancellationToken stop)
    {
        for (var tries = 0; ; tries++)
        {
            if (await source.CheckpointAsync(epoch, old, stop) is not var (body, size))
            {
                return null;
            }

            var answer = await client.UploadAsync("add-checkpoint", Encoding.UTF8.GetBytes(body), stop);
            if (answer.Status == 200)
            {
                return (body[(body.IndexOf("\n\n", StringComparison.Ordinal) + 2)..], size);
            }

            if (answer is not { Status: 409, MediaType: SizeType } || tries >= MostCorrections
                || !long.TryParse(answer.Body.TrimEnd('\n'), NumberStyles.None, CultureInfo.InvariantCulture, out old))
            {
                throw FleetClient.Refused(answer, $"The fleet's server did not take the checkpoint of this device's log (epoch {epoch})");
            }
        }
    }

    private async Task<string> SendAsync(LogSource source, long epoch, long next, long size, CancellationToken stop)
    {
        for (var corrections = 0; ;)
        {
            var answer = await client.UploadAsync("add-entries", await source.EntriesAsync(epoch, next, size, stop), stop);
            if (answer.Status == 200)
            {
                return answer.Body;
            }

            if (answer is not { Status: 202 or 409, MediaType: ProgressType } || Progress(answer.Body) is not var (pending, stored) || pending != size || stored > size
                || ((answer.Status == 409 || stored <= next) && ++corrections > MostCorrections))
            {
                throw FleetClient.Refused(answer, $"The fleet's server did not take the records of this device's log (epoch {epoch})");
            }

            next = stored;
        }
    }

    private bool IsCosigned(string note)
    {
        try
        {
            return witness.Verify(SignedNote.Parse(note)) is not null;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static (long Pending, long Stored)? Progress(string body) =>
        body.Split('\n') is [var pending, var stored, ..]
            && long.TryParse(pending, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && long.TryParse(stored, NumberStyles.None, CultureInfo.InvariantCulture, out var next)
                ? (size, next)
                : null;
}
