using LocalFirst.Guard.LocalModels.DemoModel;
using LocalFirst.Guard.LocalModels.Hosting;
using LocalFirst.Guard.Protocols;
using LocalFirst.Guard.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(LocalFirst.Guard.Tests.LocalModels.DemoModelFixture))]

namespace LocalFirst.Guard.Tests.LocalModels;

/// <summary>One demo model and one running host for all tests that do no harm to it.</summary>
public sealed class DemoModelFixture : IAsyncDisposable
{
    private readonly Lazy<ModelHostSupervisor> _supervisor;

    public DemoModelFixture()
    {
        Folder = Directory.CreateTempSubdirectory("lfg-test-").FullName;
        ModelPath = DemoModelWriter.EnsureIn(Path.Combine(Folder, "models"));
        _supervisor = new Lazy<ModelHostSupervisor>(() => new ModelHostSupervisor(Settings()));
    }

    public string Folder { get; }

    public string ModelPath { get; }

    public string RunFolder => Path.Combine(Folder, "run");

    public HostSettings Settings() => new(ModelPath, RunFolder);

    /// <summary>The shared host; skips the test where there are no natives.</summary>
    public ModelHostSupervisor Supervisor
    {
        get
        {
            RequireNatives();
            return _supervisor.Value;
        }
    }

    public static void RequireNatives() =>
        Tools.Require(NativesFolder.Find(null, AppContext.BaseDirectory) is not null, "llama.cpp natives are absent (npm was not there at build)");

    internal static async Task<(string Text, AnswerEvent.Done? Done)> CollectAsync(IAsyncEnumerable<AnswerEvent> events)
    {
        var text = "";
        AnswerEvent.Done? done = null;
        await foreach (var answer in events)
        {
            Assert.Null(done);
            text += (answer as AnswerEvent.Text)?.Value;
            done = answer as AnswerEvent.Done;
        }

        return (text, done);
    }

    public async ValueTask DisposeAsync()
    {
        if (_supervisor.IsValueCreated)
        {
            await _supervisor.Value.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
