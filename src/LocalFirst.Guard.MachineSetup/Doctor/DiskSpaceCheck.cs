using System.Globalization;

namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>There is room for the audit log; a full disk stops all forwarding.</summary>
/// <param name="folder">A folder on the disk in question.</param>
/// <param name="readFree">Bytes free on the disk of a folder.</param>
public sealed class DiskSpaceCheck(string folder, Func<string, long> readFree) : IDoctorCheck
{
    /// <summary>About a million exchanges with their decision and outcome.</summary>
    private const long Comfortable = 2L << 30;

    /// <summary>Below this, one busy day may fill the disk.</summary>
    private const long Least = 100L << 20;

    /// <summary>Checks the disk that holds the folder.</summary>
    /// <param name="folder">A folder; it need not exist.</param>
    public DiskSpaceCheck(string folder)
        : this(folder, at => new DriveInfo(at).AvailableFreeSpace)
    {
    }

    /// <inheritdoc/>
    public string Name => "disk-space";

    /// <inheritdoc/>
    public Task<CheckResult> RunAsync(CancellationToken cancellation) => Task.FromResult(Check());

    private CheckResult Check()
    {
        const string mend = "Free some space, or move the home folder with --home DIR.";
        var at = folder;
        while (!Directory.Exists(at) && Path.GetDirectoryName(at) is { } parent)
        {
            at = parent;
        }

        try
        {
            var free = readFree(at);
            var text = string.Create(CultureInfo.InvariantCulture, $"{free / (1 << 20)} MB are free for the audit log.");
            return free < Least ? CheckResult.Fail(text, mend) : free < Comfortable ? CheckResult.Warn(text, mend) : CheckResult.Ok(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return CheckResult.Warn($"The space on the disk of {at} is unknown.", "Make sure that the audit log has room.");
        }
    }
}
