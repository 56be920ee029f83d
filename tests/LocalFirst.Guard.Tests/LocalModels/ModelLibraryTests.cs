using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.LocalModels.Endpoints;
using LocalFirst.Guard.LocalModels.Hosting;
using LocalFirst.Guard.LocalModels.Library;
using Xunit;

namespace LocalFirst.Guard.Tests.LocalModels;

public sealed class ModelLibraryTests(DemoModelFixture demo) : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("lfg-test-").FullName;

    private string Models => Path.Combine(_home, "models");

    [Fact]
    public void A_model_is_added_listed_and_removed()
    {
        var library = new ModelLibrary(Models);
        Assert.Empty(library.List());

        var entry = library.Add(demo.ModelPath);

        Assert.Equal(("demo", "llama", 65_536L), (entry.Name, entry.Architecture, entry.ContextSize));
        Assert.Equal([entry], library.List());
        Assert.Contains("already", Assert.Throws<ExecutorException>(() => library.Add(demo.ModelPath)).Message, StringComparison.Ordinal);
        library.Remove("demo");
        Assert.Empty(library.List());
        Assert.Throws<ExecutorException>(() => library.Remove("demo"));
    }

    [Fact]
    public void A_broken_file_is_not_added_and_a_broken_model_is_listed_as_such()
    {
        var broken = Path.Combine(_home, "broken.gguf");
        File.WriteAllText(broken, "GGUF but not really");
        var library = new ModelLibrary(Models);

        Assert.Contains("not a sound GGUF", Assert.Throws<ExecutorException>(() => library.Add(broken)).Message, StringComparison.Ordinal);

        Directory.CreateDirectory(Models);
        File.Copy(broken, library.PathOf("broken"));
        Assert.NotNull(Assert.Single(library.List()).Problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../keys")]
    [InlineData(".hidden")]
    [InlineData("-flag")]
    [InlineData("a b")]
    public void A_name_that_is_no_plain_file_name_is_refused(string name) =>
        Assert.Throws<ExecutorException>(() => new ModelLibrary(Models).PathOf(name));

    [Fact]
    public void The_choice_survives_and_makes_the_executor()
    {
        Assert.False(ExecutorFactory.Create(Models, _home).Status.Available);

        new ModelSelection("model-x", "http://127.0.0.1:11434").Save(Models);
        Assert.Equal(new ModelSelection("model-x", "http://127.0.0.1:11434"), ModelSelection.Read(Models));
        Assert.IsType<OpenAiCompatibleExecutor>(ExecutorFactory.Create(Models, _home));

        new ModelLibrary(Models).Add(demo.ModelPath);
        new ModelSelection("demo").Save(Models);
        Assert.IsType<ModelHostSupervisor>(ExecutorFactory.Create(Models, _home));

        ModelSelection.Forget(Models, "demo");
        Assert.Null(ModelSelection.Read(Models));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"model\":5}")]
    [InlineData("{\"model\":\"../x\"}")]
    public void An_unreadable_choice_is_told_and_breaks_nothing(string content)
    {
        Directory.CreateDirectory(Models);
        File.WriteAllText(Path.Combine(Models, "selected.json"), content);

        var status = ExecutorFactory.Create(Models, _home).Status;

        Assert.False(status.Available);
        Assert.Contains("→", status.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_commands_add_choose_list_and_remove()
    {
        Assert.Equal(0, await RunAsync("model", "add", demo.ModelPath));
        Assert.Equal(0, await RunAsync("model", "use", "demo"));
        Assert.Equal(new ModelSelection("demo"), ModelSelection.Read(Models));
        Assert.Equal(0, await RunAsync("model", "list"));
        Assert.Equal(0, await RunAsync("model", "list", "--format", "json"));
        Assert.Equal(0, await RunAsync("model", "remove", "demo"));
        Assert.Null(ModelSelection.Read(Models));
        Assert.Equal(0, await RunAsync("model", "use", "http://127.0.0.1:11434", "--model", "qwen3"));
        Assert.Equal(new ModelSelection("qwen3", "http://127.0.0.1:11434"), ModelSelection.Read(Models));
    }

    [Theory]
    [InlineData("model", "add", "/no/such/file.gguf")]
    [InlineData("model", "use", "nobody")]
    [InlineData("model", "use", "http://127.0.0.1:11434")]
    [InlineData("model", "remove", "nobody")]
    [InlineData("model", "pull", "qwen3")]
    public async Task A_command_that_cannot_be_done_exits_with_2(params string[] arguments) =>
        Assert.Equal(2, await RunAsync(arguments));

    public void Dispose() => Directory.Delete(_home, recursive: true);

    private Task<int> RunAsync(params string[] arguments) => GuardCommandLine.RunAsync([.. arguments, "--home", _home]);
}
