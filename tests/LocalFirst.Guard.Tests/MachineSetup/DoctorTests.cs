using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.MachineSetup.Doctor;
using LocalFirst.Guard.MachineSetup.Processes;
using LocalFirst.Guard.MachineSetup.Runtimes;
using LocalFirst.Guard.MachineSetup.Trust;
using Xunit;

namespace LocalFirst.Guard.Tests.MachineSetup;

public sealed class DoctorTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("guard-doctor-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_home_that_is_yours_alone_is_ok()
    {
        await ExpectAsync(new HomeFolderCheck(_folder), CheckStatus.Ok);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public Task A_home_that_does_not_exist_yet_is_a_warning() => ExpectAsync(new HomeFolderCheck(At("no-such-folder")), CheckStatus.Warn);

    [Fact]
    public async Task A_home_that_others_can_reach_into_fails()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no mode bits.");
            return;
        }

        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

        await ExpectAsync(new HomeFolderCheck(_folder), CheckStatus.Fail);
    }

    [Fact]
    public async Task A_broker_that_has_gone_without_a_word_fails_and_none_at_all_warns()
    {
        await ExpectAsync(new BrokerCheck(_folder), CheckStatus.Warn);

        new RunningBroker(Environment.ProcessId, new Uri("http://127.0.0.1:1"), new Uri("http://127.0.0.1:1")).Write(_folder);
        await ExpectAsync(new BrokerCheck(_folder), CheckStatus.Fail);
    }

    [Fact]
    public async Task A_key_that_others_can_read_fails()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no mode bits.");
            return;
        }

        await ExpectAsync(new CertificateFilesCheck(_folder), CheckStatus.Warn);

        await File.WriteAllTextAsync(At("root.pem"), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(At("bundle.pem"), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(At("root.key"), "", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(At("root.key"), OwnerOnly);
        await ExpectAsync(new CertificateFilesCheck(_folder), CheckStatus.Ok);

        File.SetUnixFileMode(At("root.key"), OwnerOnly | UnixFileMode.GroupRead);
        var open = await ExpectAsync(new CertificateFilesCheck(_folder), CheckStatus.Fail);
        Assert.Contains("root.key", open.Mend!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bundle_without_the_brokers_root_fails()
    {
        await ExpectAsync(new BundleCheck(At("root.pem"), At("bundle.pem")), CheckStatus.Warn);

        using var ours = Root();
        using var other = Root();
        await File.WriteAllTextAsync(At("root.pem"), ours.ExportCertificatePem(), TestContext.Current.CancellationToken);
        TrustBundle.Write(At("bundle.pem"), [other], ours);
        await ExpectAsync(new BundleCheck(At("root.pem"), At("bundle.pem")), CheckStatus.Ok);

        TrustBundle.Write(At("bundle.pem"), [], other);
        await ExpectAsync(new BundleCheck(At("root.pem"), At("bundle.pem")), CheckStatus.Fail);

        await File.WriteAllTextAsync(At("root.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", TestContext.Current.CancellationToken);
        await ExpectAsync(new BundleCheck(At("root.pem"), At("bundle.pem")), CheckStatus.Fail);
    }

    [Fact]
    public async Task A_shell_without_the_variables_is_a_warning_that_names_some()
    {
        var expected = RuntimeVariables.For(new Uri("http://127.0.0.1:8899"), "/r.pem", "/b.pem");
        var set = expected.ToDictionary(v => v.Name, v => (string?)v.Value);

        await ExpectAsync(new RuntimeVariablesCheck(expected, set.GetValueOrDefault), CheckStatus.Ok);

        set["HTTPS_PROXY"] = "http://somebody:password@proxy.example";
        set.Remove("SSL_CERT_FILE");
        var missing = await ExpectAsync(new RuntimeVariablesCheck(expected, set.GetValueOrDefault), CheckStatus.Warn);
        Assert.Contains("HTTPS_PROXY", missing.Finding, StringComparison.Ordinal);
        Assert.Contains("SSL_CERT_FILE", missing.Finding, StringComparison.Ordinal);
        Assert.DoesNotContain("password", missing.Finding, StringComparison.Ordinal);

        await ExpectAsync(new RuntimeVariablesCheck([], set.GetValueOrDefault), CheckStatus.Warn);
    }

    [Theory]
    [InlineData(null, CheckStatus.Ok)]
    [InlineData(RuntimeVariables.Loopback, CheckStatus.Ok)]
    [InlineData("localhost, .corp.example", CheckStatus.Ok)]
    [InlineData("notopenai.com", CheckStatus.Ok)]
    [InlineData("*", CheckStatus.Fail)]
    [InlineData("localhost,*", CheckStatus.Fail)]
    [InlineData("api.openai.com", CheckStatus.Fail)]
    [InlineData("API.OpenAI.com:443", CheckStatus.Fail)]
    [InlineData(".openai.com", CheckStatus.Fail)]
    [InlineData("*.openai.com", CheckStatus.Fail)]
    [InlineData("com", CheckStatus.Fail)]
    public Task An_exception_that_leads_past_the_broker_fails(string? value, CheckStatus expected) =>
        ExpectAsync(new NoProxyCheck(["api.openai.com"], name => name == "no_proxy" ? value : null), expected);

    [Theory]
    [InlineData(null, CheckStatus.Ok)]
    [InlineData("v20.20.2\n", CheckStatus.Warn)]
    [InlineData("v22.20.0", CheckStatus.Warn)]
    [InlineData("v22.21.0", CheckStatus.Ok)]
    [InlineData("v23.11.0", CheckStatus.Warn)]
    [InlineData("v24.0.0", CheckStatus.Ok)]
    [InlineData("v26.1.0-nightly", CheckStatus.Ok)]
    [InlineData("", CheckStatus.Warn)]
    public Task A_node_that_ignores_the_proxy_is_a_warning(string? version, CheckStatus expected) =>
        ExpectAsync(new NodeVersionCheck(_ => Task.FromResult(version)), expected);

    [Fact]
    public async Task Natives_are_looked_for_where_the_build_puts_them()
    {
        await ExpectAsync(new NativesCheck(At("runtimes")), CheckStatus.Warn);

        Directory.CreateDirectory(At("runtimes/linux-x64-cpu/native"));
        await File.WriteAllTextAsync(At("runtimes/linux-x64-cpu/native/libllama.so"), "", TestContext.Current.CancellationToken);
        await ExpectAsync(new NativesCheck(At("runtimes")), CheckStatus.Ok);
    }

    [Theory]
    [InlineData(10L << 30, CheckStatus.Ok)]
    [InlineData(1L << 30, CheckStatus.Warn)]
    [InlineData(10L << 20, CheckStatus.Fail)]
    public Task A_full_disk_fails(long free, CheckStatus expected) =>
        ExpectAsync(new DiskSpaceCheck(At("not/made/yet"), at => at == _folder ? free : -1), expected);

    [Fact]
    public async Task Whether_the_model_can_be_confined_is_found_out()
    {
        var result = await new ConfinementCheck().RunAsync(TestContext.Current.CancellationToken);

        Assert.NotEqual(CheckStatus.Fail, result.Status);
    }

    private static async Task<CheckResult> ExpectAsync(IDoctorCheck check, CheckStatus expected)
    {
        var result = await check.RunAsync(TestContext.Current.CancellationToken);
        Assert.True(result.Status == expected, $"{check.Name}: {result}");
        Assert.False(string.IsNullOrWhiteSpace(result.Finding));
        Assert.Equal(result.Status == CheckStatus.Ok, result.Mend is null);
        return result;
    }

    private static X509Certificate2 Root()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=Root", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private string At(string name) => Path.Combine(_folder, name);
}
