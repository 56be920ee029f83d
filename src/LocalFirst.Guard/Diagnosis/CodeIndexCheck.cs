using System.Globalization;
using LocalFirst.Guard.Inspection.SourceCode;
using LocalFirst.Guard.MachineSetup.Doctor;

namespace LocalFirst.Guard.Diagnosis;

/// <summary>The index of the company's own code is there and whole; without it own code is not recognised.</summary>
/// <param name="home">The home folder.</param>
internal sealed class CodeIndexCheck(GuardHome home) : IDoctorCheck
{
    private const string Build = "Build it with guard code index PATH…";

    public string Name => "code-index";

    public Task<CheckResult> RunAsync(CancellationToken cancellation) => Task.FromResult(Check());

    private CheckResult Check()
    {
        try
        {
            return new CodeIndexFile(home.CodeIndex, Path.Combine(home.Keys, CodeIndexFile.KeyFileName)).Status() is { } status
                ? CheckResult.Ok(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{status.Fingerprints:N0} fingerprints of {string.Join(", ", status.Repositories.Select(r => r.Name))}, built {status.BuiltAt:yyyy-MM-dd}."))
                : CheckResult.Warn("There is no index of your own code, so it is not recognised in requests.", Build);
        }
        catch (CodeIndexException e)
        {
            return Explained.Fail(e.Message, Build);
        }
    }
}
