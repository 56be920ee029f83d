using LocalFirst.Guard.LocalModels.DemoModel;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Broker;

/// <summary>The tiny model that says one honest sentence. This is the one place that knows how a test gets it.</summary>
internal static class DemoModel
{
    /// <summary>How its answer starts.</summary>
    public const string AnswerStart = "This answer was written on this machine by the demo model";

    /// <summary>Writes the demo model, with a vocabulary that knows the words of the test's prompts, into the library of this home and chooses it.</summary>
    public static async Task EnsureAsync(string home, params string[] prompts)
    {
        var models = Directory.CreateDirectory(Path.Combine(home, "models")).FullName;
        await using (var file = File.Create(Path.Combine(models, $"{DemoModelWriter.Name}.gguf")))
        {
            DemoModelWriter.Write(file, prompts);
        }

        var use = await GuardCli.RunAsync(home, ["model", "use", DemoModelWriter.Name, "--home", home]);
        Assert.True(use.ExitCode == 0, use.Everything);
    }
}
