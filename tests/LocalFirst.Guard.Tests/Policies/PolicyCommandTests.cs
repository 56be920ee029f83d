using LocalFirst.Guard.CommandLine;
using Xunit;

namespace LocalFirst.Guard.Tests.Policies;

[Collection(nameof(PolicyCommandTests))]
public sealed class PolicyCommandTests : IDisposable
{
    private const string Good = "name: mine\nversion: \"1\"\nrules:\n  - {id: all, when: {provider: \"*\"}, then: local, reason: Everything stays.}\n";

    private readonly string _home = Directory.CreateTempSubdirectory("guard").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task The_built_in_policies_check_and_pass()
    {
        Assert.Equal(0, await Run("policy", "check"));
        Assert.Equal(0, await Run("policy", "test"));
    }

    [Fact]
    public async Task Check_of_a_bad_file_exits_with_2()
    {
        Assert.Equal(0, await Run("policy", "check", Write("good.yaml", Good)));
        Assert.Equal(2, await Run("policy", "check", Write("bad.yaml", "name: bad\n")));
        Assert.Equal(2, await Run("policy", "check", Path.Combine(_home, "missing.yaml")));
    }

    [Fact]
    public async Task Check_without_a_file_looks_at_the_home_folder_too()
    {
        Write("policies/bad.yaml", "name: bad\n");
        Assert.Equal(2, await Run("policy", "check"));
    }

    [Fact]
    public async Task A_test_that_fails_exits_with_1_and_one_that_cannot_be_read_with_2()
    {
        Write("p/mine.yaml", Good);
        var tests = Write("p/mine.tests.yaml", "tests:\n  - {name: stays, expect: {action: local, rule: all}}\n");
        Assert.Equal(0, await Run("policy", "test", tests));
        Assert.Equal(0, await Run("policy", "test", Path.GetDirectoryName(tests)!));
        Write("p/mine.tests.yaml", "tests:\n  - {name: goes, expect: {action: allow}}\n");
        Assert.Equal(1, await Run("policy", "test", tests));
        Write("p/mine.tests.yaml", "tests:\n  - {name: stays, expect: {action: local, rule: other}}\n");
        Assert.Equal(1, await Run("policy", "test", tests));
        Write("p/mine.tests.yaml", "tests:\n  - {name: goes, expct: {action: allow}}\n");
        Assert.Equal(2, await Run("policy", "test", tests));
        Assert.Equal(2, await Run("policy", "test", Write("empty/mine.tests.yaml", "tests: []\n")));
        Assert.Equal(2, await Run("policy", "test", Write("alone/mine.tests.yaml", "tests:\n  - {name: goes, expect: {action: allow}}\n")));
        Assert.Equal(2, await Run("policy", "test", Write("p/mine.txt", "")));
    }

    private Task<int> Run(params string[] args) => GuardCommandLine.RunAsync([.. args, "--home", _home]);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_home, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
