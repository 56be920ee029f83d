using System.Net;
using System.Net.Sockets;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.Testing;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>What stops the server from starting, and what it says then: what, where, what next, exit code 2, and nothing that is secret.</summary>
public sealed class ServerStartTests
{
    [Theory]
    [InlineData("clientId", "azureAd.clientId is missing")]
    [InlineData("tenantId", "names no directory")]
    [InlineData("instance", "names no directory")]
    public async Task A_directory_that_is_not_named_whole(string missing, string expected)
    {
        await using var setup = new ServerSetup();
        setup.AzureAd.Remove(missing);

        AssertRefused(setup, await setup.RunAsync(), expected, "guard.yaml");
    }

    [Theory]
    [InlineData("tenantId", "common", "other companies")]
    [InlineData("tenantId", "example.onmicrosoft.com", "a GUID")]
    [InlineData("instance", "http://login.example.test/", "https")]
    public async Task A_directory_that_cannot_be_trusted(string key, string value, string expected)
    {
        await using var setup = new ServerSetup();
        setup.AzureAd[key] = value;

        AssertRefused(setup, await setup.RunAsync(), expected);
    }

    [Fact]
    public async Task A_setting_that_does_not_exist_is_named_with_its_line()
    {
        await using var setup = new ServerSetup();
        setup.Fleet["certficate"] = "server.pem";

        AssertRefused(setup, await setup.RunAsync(), "guard.yaml:6", "certficate");
    }

    [Fact]
    public async Task A_public_address_without_tls()
    {
        await using var setup = new ServerSetup();
        setup.Fleet.Remove("certificate");
        setup.Fleet.Remove("certificateKey");

        AssertRefused(setup, await setup.RunAsync("--listen", "0.0.0.0:0"), "without TLS", "fleet.certificate");
    }

    [Fact]
    public async Task A_port_that_another_program_has()
    {
        await using var setup = new ServerSetup();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = other.LocalEndpoint.ToString()!;

        AssertRefused(setup, await setup.RunAsync("--listen", taken), taken, "Another program has the port");
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("no-certificate")]
    [InlineData("no-key")]
    [InlineData("other-key")]
    [InlineData("expired")]
    public async Task A_certificate_that_cannot_be_used(string kind)
    {
        await using var setup = new ServerSetup();
        setup.WriteCertificate("other");
        var expected = "cannot be read";
        switch (kind)
        {
            case "missing":
                File.Delete(setup.File("server.key"));
                break;
            case "no-certificate":
                await File.WriteAllTextAsync(setup.File("server.pem"), "not a certificate", Bounded.Test);
                break;
            case "no-key":
                await File.WriteAllTextAsync(setup.File("server.key"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", Bounded.Test);
                break;
            case "other-key":
                setup.Fleet["certificateKey"] = setup.File("other.key");
                expected = "does not belong to the certificate";
                break;
            default:
                using (var certificate = setup.Authority.Issue(Provider.ProviderCertificate.Expired))
                {
                    await File.WriteAllTextAsync(setup.File("server.pem"), certificate.ExportCertificatePem(), Bounded.Test);
                    await File.WriteAllTextAsync(setup.File("server.key"), System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(certificate)!.ExportPkcs8PrivateKeyPem(), Bounded.Test);
                }

                expected = "expired on";
                break;
        }

        AssertRefused(setup, await setup.RunAsync(), expected, setup.File("server.pem"));
    }

    [Fact]
    public async Task A_database_address_that_is_a_uri()
    {
        await using var setup = new ServerSetup();

        AssertRefused(setup, await setup.RunAsync("--database", $"postgresql://guard:{setup.Secret}@db.example.test/guard"), "URI", "Host=NAME");
        Assert.False(Directory.Exists(Path.Combine(Path.GetTempPath(), "postgresql:")));
    }

    [Fact]
    public async Task A_database_server_that_cannot_be_reached()
    {
        await using var setup = new ServerSetup();

        AssertRefused(setup, await setup.RunAsync("--database", $"Host=127.0.0.1;Port={ServerSetup.FreePort()};Database=guard;Username=guard;Password={setup.Secret};Timeout=3"), "127.0.0.1", "cannot be reached");
    }

    [Fact]
    public async Task A_database_server_that_refuses()
    {
        await using var postgres = await PostgreSqlServer.StartAsync();
        await postgres.ExecuteAsync("CREATE ROLE guest LOGIN PASSWORD 'right'; REVOKE CREATE ON SCHEMA public FROM PUBLIC;");
        await using var setup = new ServerSetup();
        string Connection(string user, string database) => postgres.Connection.Replace("Username=postgres", $"Username={user}", StringComparison.Ordinal).Replace("Database=postgres", $"Database={database}", StringComparison.Ordinal);

        AssertRefused(setup, await setup.RunAsync("--database", Connection("postgres", "nowhere")), "does not have that database", "createdb");
        AssertRefused(setup, await setup.RunAsync("--database", Connection("guest", "postgres")), "does not allow this to the user");

        await postgres.RequirePasswordAsync("guest");
        AssertRefused(setup, await setup.RunAsync("--database", Connection("guest", "postgres") + $";Password={setup.Secret}"), "refuses the name or the password");
    }

    [Fact]
    public async Task A_database_file_that_is_read_only_or_in_a_read_only_folder()
    {
        Tools.Require(OperatingSystem.IsLinux() && NodeClients.Find("setpriv") is not null, "This test needs setpriv (Debian's util-linux).");
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        await using var setup = new ServerSetup();
        var folder = setup.File("data");
        GuardHome.CreatePrivate(folder);
        var path = Path.Combine(folder, "fleet.db");
        setup.Fleet["database"] = path;
        await using (await setup.StartAsync())
        {
        }

        // Root may write everywhere, unless that capability is taken from it.
        setup.Wrapper = Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-dac_override,-dac_read_search"] : [];
        File.SetUnixFileMode(path, UnixFileMode.UserRead);
        AssertRefused(setup, await setup.RunAsync(), path, "read-only");

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        foreach (var file in Directory.GetFiles(folder))
        {
            File.Delete(file);
        }

        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        AssertRefused(setup, await setup.RunAsync(), path, "writable");
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task What_the_server_keeps_is_its_own_accounts_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Unix file modes");
            return;
        }

        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        await using var setup = new ServerSetup();
        await setup.StartDirectoryAsync();
        await using var server = await setup.StartAsync();

        // Going to sign in makes the first session key.
        Assert.Equal(HttpStatusCode.Redirect, (await server.GetAsync("/account/sign-in")).Status);

        var sessions = Path.Combine(setup.Home, "keys", "sessions");
        Assert.NotEmpty(Directory.GetFiles(sessions, "key-*.xml"));
        string[] kept = [Path.Combine(setup.Home, "keys"), .. Directory.GetFileSystemEntries(Path.Combine(setup.Home, "keys"), "*", SearchOption.AllDirectories), .. Directory.GetFiles(setup.Home, "*.db*")];
        Assert.All(kept, path => Assert.True((File.GetUnixFileMode(path) & others) == 0, $"{path}: {File.GetUnixFileMode(path)}"));
    }

    private static void AssertRefused(ServerSetup setup, CommandResult result, params string[] expected)
    {
        Assert.True(result.ExitCode == 2, result.Everything);
        Assert.StartsWith("guard: ", result.Error, StringComparison.Ordinal);
        Assert.All(expected, e => Assert.Contains(e, result.Error, StringComparison.Ordinal));
        Assert.Contains("\n  → ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("unexpected error", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Everything, StringComparison.Ordinal);
        Assert.DoesNotContain(setup.Secret, result.Everything, StringComparison.Ordinal);
    }
}
