using LocalFirst.Guard.CommandLine;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection.SourceCode;

public sealed class CodeCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("guard-code-command-").FullName;

    private string Home => Path.Combine(_folder, "home");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Index_status_and_lookup_work_together()
    {
        var repository = Directory.CreateDirectory(Path.Combine(_folder, "billing")).FullName;
        var file = Path.Combine(repository, "a.ts");
        await File.WriteAllTextAsync(file, new SomeSource(1).File("ts", 5), TestContext.Current.CancellationToken);
        Assert.Equal(0, await Guard("code", "index", repository));
        Assert.True(File.Exists(Path.Combine(Home, "code.idx")));
        Assert.True(File.Exists(Path.Combine(Home, "keys", "code.key")));
        Assert.Equal(0, await Guard("code", "status"));
        Assert.Equal(0, await Guard("code", "lookup", file));
        Assert.Equal(0, await Guard("code", "lookup", "0123456789abcdef"));
        Assert.Equal(0, await Guard("code", "index", repository, "--public", Directory.CreateDirectory(Path.Combine(_folder, "public")).FullName));
    }

    [Fact]
    public async Task Errors_exit_with_2()
    {
        var empty = Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName;
        Assert.Equal(2, await Guard("code", "index"));
        Assert.Equal(2, await Guard("code", "index", empty));
        Assert.Equal(2, await Guard("code", "index", Path.Combine(_folder, "nowhere")));
        Assert.Equal(2, await Guard("code", "status"));
        Assert.Equal(2, await Guard("code", "lookup", "0123456789abcdef"));
        Assert.Equal(2, await Guard("code", "lookup", "no-id"));
    }

    private Task<int> Guard(params string[] arguments) => GuardCommandLine.RunAsync([.. arguments, "--home", Home]);
}
