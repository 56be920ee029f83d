using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.LocalModels.Library;
using LocalFirst.Guard.MachineSetup.Doctor;
using LocalFirst.Guard.Running;

namespace LocalFirst.Guard.Diagnosis;

/// <summary>Something answers what must stay on this machine; without it such requests are refused. Nothing is started to find out.</summary>
/// <param name="home">The home folder.</param>
/// <param name="config">The configuration file, whose <c>models</c> go before the choice in the home.</param>
internal sealed class ModelCheck(GuardHome home, string config) : IDoctorCheck
{
    private const string Choose = "guard model add PATH.gguf, then guard model use NAME.";

    public string Name => "model";

    public async Task<CheckResult> RunAsync(CancellationToken cancellation)
    {
        try
        {
            var settings = SettingsFile.Load(config);
            var chosen = settings.Models is [var first, ..]
                ? new ModelSelection(first.Name ?? "", first.Url?.AbsoluteUri)
                : ModelSelection.Read(home.Models);
            if (chosen is null)
            {
                return CheckResult.Warn("No local model is chosen: what must stay on this machine is refused.", Choose);
            }

            if (chosen.Endpoint is null && FindProblem(chosen.Model) is { } problem)
            {
                return CheckResult.Fail(problem, "guard model list shows what is there; guard model use NAME chooses another.");
            }

            var status = await StatusAsync(settings);
            return status.Available ? CheckResult.Ok($"{status.Description}.") : Explained.Fail(status.Description, Choose);
        }
        catch (ExecutorException e)
        {
            return Explained.Fail(e.Message, Choose);
        }
        catch (Exception e) when (GuardCommandLine.IsForPeople(e))
        {
            return CheckResult.Warn("Which model is chosen is unknown while the configuration cannot be read.", "Mend the configuration first.");
        }
    }

    /// <summary>The executor promises to start with the first request; whether its file can be that of a model is seen here.</summary>
    private string? FindProblem(string name)
    {
        var library = new ModelLibrary(home.Models);
        var path = library.RequirePath(name);
        return library.List().FirstOrDefault(m => m.Name == name) is { Problem: { } problem } ? $"{path} is no usable model: {problem}" : null;
    }

    private async Task<ExecutorStatus> StatusAsync(GuardSettings settings)
    {
        var executor = Executors.Create(home, settings);
        try
        {
            return executor.Status;
        }
        finally
        {
            switch (executor)
            {
                case IAsyncDisposable later:
                    await later.DisposeAsync();
                    break;
                case IDisposable now:
                    now.Dispose();
                    break;
            }
        }
    }
}
