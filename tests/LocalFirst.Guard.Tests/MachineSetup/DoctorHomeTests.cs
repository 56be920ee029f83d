using System.Text.Json;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Diagnosis;
using LocalFirst.Guard.Inspection.SourceCode;
using LocalFirst.Guard.LocalModels.DemoModel;
using LocalFirst.Guard.LocalModels.Library;
using LocalFirst.Guard.MachineSetup.Doctor;
using LocalFirst.Guard.Tests.Audit;
using Xunit;

namespace LocalFirst.Guard.Tests.MachineSetup;

/// <summary>The checks that use the product's own loaders, over real files. One runs the command, which writes to the process's console.</summary>
[Collection(nameof(AuditCommandTests))]
public sealed class DoctorHomeTests : IDisposable
{
    private readonly TempLog _log = new();

    private GuardHome Home => new(_log.Home);

    private CodeIndexFile CodeIndex => new(Home.CodeIndex, Path.Combine(Home.Keys, CodeIndexFile.KeyFileName));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task A_fresh_home_has_a_valid_configuration_and_warnings_for_what_is_not_there_yet()
    {
        var configuration = await ExpectAsync(new ConfigurationCheck(Home.Config, mustExist: false), CheckStatus.Ok);
        Assert.Contains("policy default", configuration.Finding, StringComparison.Ordinal);
        Assert.Contains("guard run", (await ExpectAsync(new AuditLogCheck(Home), CheckStatus.Warn)).Mend!, StringComparison.Ordinal);
        Assert.Contains("guard model use", (await ExpectAsync(new ModelCheck(Home, Home.Config), CheckStatus.Warn)).Mend!, StringComparison.Ordinal);
        Assert.Contains("guard code index", (await ExpectAsync(new CodeIndexCheck(Home), CheckStatus.Warn)).Mend!, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Home.Root));
    }

    [Theory]
    [InlineData("policy: default\nno-such-key: 1\n", "guard.yaml:2")]
    [InlineData("policy: no-such-policy\n", "no-such-policy")]
    [InlineData("policy: ./no-such-file.yaml\n", "no-such-file.yaml")]
    [InlineData("upstreamTrust: ./no-such-root.pem\n", "no-such-root.pem")]
    public async Task A_damaged_configuration_fails_with_its_place_and_a_mend(string yaml, string named)
    {
        await File.WriteAllTextAsync(Home.Config, yaml, Cancellation);

        var failed = await ExpectAsync(new ConfigurationCheck(Home.Config, mustExist: false), CheckStatus.Fail);

        Assert.Contains(named, failed.Finding, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failed.Finding);
    }

    [Fact]
    public async Task A_damaged_policy_file_fails_with_its_line()
    {
        await File.WriteAllTextAsync(Home.Config, "policy: ./mine.yaml\n", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(Home.Root, "mine.yaml"), "name: mine\nversion: '1'\nrules: 7\n", Cancellation);

        Assert.Contains("mine.yaml:3", (await ExpectAsync(new ConfigurationCheck(Home.Config, mustExist: false), CheckStatus.Fail)).Finding, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_that_was_named_and_is_missing_fails() =>
        await ExpectAsync(new ConfigurationCheck(Path.Combine(Home.Root, "other.yaml"), mustExist: true), CheckStatus.Fail);

    [Fact]
    public async Task An_intact_log_is_ok_and_a_tampered_one_fails_and_names_the_failure()
    {
        await _log.WriteExchangesAsync(2);
        Assert.Contains("4 records", (await ExpectAsync(new AuditLogCheck(Home), CheckStatus.Ok)).Finding, StringComparison.Ordinal);

        _log.Tamper("DELETE FROM leaves WHERE leaf_index = 1");
        Assert.Contains("ENTRY_MISSING", (await ExpectAsync(new AuditLogCheck(Home), CheckStatus.Fail)).Finding, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_is_no_database_fails()
    {
        await File.WriteAllTextAsync(Home.AuditDatabase, "not a database, and longer than the header of one would have to be to be looked at", Cancellation);

        await ExpectAsync(new AuditLogCheck(Home), CheckStatus.Fail);
    }

    [Fact]
    public async Task A_whole_code_index_is_ok_and_a_damaged_one_fails()
    {
        BuildIndex();
        Assert.Contains("repo", (await ExpectAsync(new CodeIndexCheck(Home), CheckStatus.Ok)).Finding, StringComparison.Ordinal);

        await DamageIndexAsync();
        await ExpectAsync(new CodeIndexCheck(Home), CheckStatus.Fail);
    }

    [Fact]
    public async Task A_chosen_model_is_named_and_one_whose_file_has_gone_or_is_none_fails()
    {
        DemoModelWriter.EnsureIn(Home.Models);
        new ModelSelection(DemoModelWriter.Name).Save(Home.Models);
        Assert.Contains(DemoModelWriter.Name, (await ExpectAsync(new ModelCheck(Home, Home.Config), CheckStatus.Ok)).Finding, StringComparison.Ordinal);

        var file = new ModelLibrary(Home.Models).PathOf(DemoModelWriter.Name);
        await File.WriteAllTextAsync(file, "no model", Cancellation);
        await ExpectAsync(new ModelCheck(Home, Home.Config), CheckStatus.Fail);

        File.Delete(file);
        await ExpectAsync(new ModelCheck(Home, Home.Config), CheckStatus.Fail);
    }

    [Fact]
    public async Task An_endpoint_that_the_configuration_names_is_ok_and_a_choice_that_cannot_be_read_fails()
    {
        Directory.CreateDirectory(Home.Models);
        await File.WriteAllTextAsync(Path.Combine(Home.Models, "selected.json"), "{", Cancellation);
        Assert.Contains("guard model use", (await ExpectAsync(new ModelCheck(Home, Home.Config), CheckStatus.Fail)).Mend!, StringComparison.Ordinal);

        await File.WriteAllTextAsync(Home.Config, "models:\n  - url: http://127.0.0.1:1/v1\n    model: some\n", Cancellation);
        Assert.Contains("some at http://127.0.0.1:1", (await ExpectAsync(new ModelCheck(Home, Home.Config), CheckStatus.Ok)).Finding, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_exits_1_and_tells_the_mend_of_a_damaged_configuration_log_and_code_index()
    {
        await _log.WriteExchangesAsync(2);
        BuildIndex();
        await File.WriteAllTextAsync(Home.Config, "no-such-key: 1\n", Cancellation);
        _log.Tamper("DELETE FROM leaves WHERE leaf_index = 1");
        await DamageIndexAsync();

        var (exit, output) = await DoctorAsync();

        Assert.Equal(1, exit);
        using var json = JsonDocument.Parse(output);
        var checks = json.RootElement.GetProperty("checks").EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!);
        foreach (var name in new[] { "configuration", "audit-log", "code-index" })
        {
            Assert.Equal("fail", checks[name].GetProperty("status").GetString());
            Assert.False(string.IsNullOrWhiteSpace(checks[name].GetProperty("mend").GetString()));
        }

        Assert.Equal("warn", checks["model"].GetProperty("status").GetString());
    }

    private void BuildIndex()
    {
        var source = Path.Combine(Home.Root, "repo", "src");
        Directory.CreateDirectory(source);
        File.WriteAllText(Path.Combine(source, "own.ts"), new Inspection.SourceCode.SomeSource(1).File("ts", 5));
        CodeIndex.Build([Path.Combine(Home.Root, "repo")], [], DateTimeOffset.UnixEpoch, null, Cancellation);
    }

    private async Task DamageIndexAsync()
    {
        var bytes = await File.ReadAllBytesAsync(Home.CodeIndex, Cancellation);
        bytes[^1] ^= 1;
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(Home.CodeIndex, bytes, Cancellation);
    }

    private async Task<(int Exit, string Output)> DoctorAsync()
    {
        var before = Console.Out;
        await using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            return (await GuardCommandLine.RunAsync(["doctor", "--format", "json", "--home", Home.Root]), output.ToString());
        }
        finally
        {
            Console.SetOut(before);
        }
    }

    private static async Task<CheckResult> ExpectAsync(IDoctorCheck check, CheckStatus expected)
    {
        var result = await check.RunAsync(Cancellation);
        Assert.True(result.Status == expected, $"{check.Name}: {result}");
        Assert.False(string.IsNullOrWhiteSpace(result.Finding));
        Assert.Equal(result.Status == CheckStatus.Ok, string.IsNullOrWhiteSpace(result.Mend));
        return result;
    }
}
