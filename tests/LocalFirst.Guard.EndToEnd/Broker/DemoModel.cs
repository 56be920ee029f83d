using Xunit;

namespace LocalFirst.Guard.EndToEnd.Broker;

/// <summary>The tiny model that says one honest sentence. This is the one place that knows how a test gets it.</summary>
internal static class DemoModel
{
    /// <summary>How its answer starts.</summary>
    public const string AnswerStart = "This answer was written on this machine by the demo model";

    private const string Name = "demo";

    private static readonly Lazy<Task<string>> File = new(WriteAsync);

    /// <summary>Adds the demo model to the library of this home and selects it.</summary>
    public static async Task EnsureAsync(string home)
    {
        var file = await File.Value;
        var add = await GuardCli.RunAsync(home, ["model", "add", file, "--home", home]);
        Assert.True(add.ExitCode == 0, add.Everything);
        var use = await GuardCli.RunAsync(home, ["model", "use", Name, "--home", home]);
        Assert.True(use.ExitCode == 0, use.Everything);
    }

    /// <summary>Written once a run: the hidden <c>guard model demo FILE</c> writes the GGUF.</summary>
    private static async Task<string> WriteAsync()
    {
        var folder = Directory.CreateTempSubdirectory("guard-demo-model-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var file = Path.Combine(folder, $"{Name}.gguf");
        var write = await GuardCli.RunAsync(folder, ["model", "demo", file, "--home", folder]);
        Assert.True(write.ExitCode == 0 && System.IO.File.Exists(file), write.Everything);
        return file;
    }
}
