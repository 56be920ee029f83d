namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>The native libraries of the local model are there.</summary>
/// <param name="runtimesFolder">The <c>runtimes</c> folder beside the program.</param>
public sealed class NativesCheck(string runtimesFolder) : IDoctorCheck
{
    /// <inheritdoc/>
    public string Name => "model-natives";

    /// <inheritdoc/>
    public Task<CheckResult> RunAsync(CancellationToken cancellation)
    {
        var found = Directory.Exists(runtimesFolder)
            && Directory.EnumerateFiles(runtimesFolder, "*llama*", SearchOption.AllDirectories).Any(f => Path.GetExtension(f) is ".so" or ".dll" or ".dylib");
        return Task.FromResult(found
            ? CheckResult.Ok("The llama.cpp libraries are installed.")
            : CheckResult.Warn("The llama.cpp libraries are not installed, so no model can run in this program.", "Install npm and build again, or name an endpoint of your own with guard model use URL."));
    }
}
