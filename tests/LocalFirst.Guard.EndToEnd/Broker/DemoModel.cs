using LocalFirst.Guard.LocalModels.DemoModel;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Broker;

/// <summary>The tiny model that says one honest sentence. This is the one place that knows how a test gets it.</summary>
internal static class DemoModel
{
    /// <summary>How its answer starts.</summary>
    public const string AnswerStart = "This answer was written on this machine by the demo model";

    /// <summary>Writes the demo model into the library of this home and chooses it.</summary>
    public static async Task EnsureAsync(string home)
    {
        DemoModelWriter.EnsureIn(Path.Combine(home, "models"));
        var use = await GuardCli.RunAsync(home, ["model", "use", DemoModelWriter.Name, "--home", home]);
        Assert.True(use.ExitCode == 0, use.Everything);
    }
}
