namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>The home folder exists, can be written, and is closed to other users: the CA key lies in it.</summary>
/// <param name="home">Absolute path.</param>
public sealed class HomeFolderCheck(string home) : IDoctorCheck
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <inheritdoc/>
    public string Name => "home-folder";

    /// <inheritdoc/>
    public Task<CheckResult> RunAsync(CancellationToken cancellation) => Task.FromResult(Check());

    private CheckResult Check()
    {
        if (!Directory.Exists(home))
        {
            return CheckResult.Warn($"{home} does not exist yet.", "guard run makes it.");
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(home) & Others) != 0)
        {
            return CheckResult.Fail($"Other users can reach into {home}.", $"chmod 700 '{home}'");
        }

        try
        {
            var probe = Path.Combine(home, $".doctor-{Guid.NewGuid():N}");
            using var file = new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return CheckResult.Ok($"{home} is yours alone and can be written.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CheckResult.Fail($"{home} cannot be written.", "Give yourself the right to write there, or name another folder with --home DIR.");
        }
    }
}
