namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>The certificate authority is there, and only its public half can be read by others.</summary>
/// <param name="folder">The <c>ca</c> folder of the home.</param>
public sealed class CertificateFilesCheck(string folder) : IDoctorCheck
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private static readonly string[] Public = ["root.pem", "bundle.pem"];

    /// <inheritdoc/>
    public string Name => "certificate-files";

    /// <inheritdoc/>
    public Task<CheckResult> RunAsync(CancellationToken cancellation) => Task.FromResult(Check());

    private CheckResult Check()
    {
        if (Public.FirstOrDefault(name => !File.Exists(Path.Combine(folder, name))) is { } missing)
        {
            return CheckResult.Warn($"{Path.Combine(folder, missing)} does not exist yet.", "guard run makes it.");
        }

        var open = Directory.EnumerateFiles(folder).FirstOrDefault(f => !Public.Contains(Path.GetFileName(f)) && IsOpen(f));
        return open is null
            ? CheckResult.Ok($"The certificate authority is in {folder}, its key for you alone.")
            : CheckResult.Fail($"Other users can read {open}.", $"chmod 600 '{open}'; if others use this machine, delete {folder} and let guard run make a new authority.");
    }

    private static bool IsOpen(string file) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != 0;
}
