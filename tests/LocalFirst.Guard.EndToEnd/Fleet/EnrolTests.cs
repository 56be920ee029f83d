using System.Net;
using System.Text;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>From <c>guard enroll</c> to the fleet's policy on the device and the device's records at the fleet.</summary>
public sealed class EnrolTests(SignInFixture fixture) : IClassFixture<SignInFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private FleetServer Server => fixture.Server;

    [Fact]
    public async Task A_device_that_enrols_in_the_browser_obeys_the_fleet_from_the_next_request_on_and_its_records_arrive()
    {
        await using var provider = await FakeProvider.StartAsync();
        using var device = new MemberDevice(Server.Directory.RootFile);
        await device.ConfigureAsync(provider);

        // 1  Enrol.
        var enrolled = await device.EnrolWithBrowserAsync(Server.Url, "member", "--name", "ada-laptop");
        Assert.True(enrolled.ExitCode == 0, enrolled.Everything);
        Assert.Contains("member@example.test enrolled this device (ada-laptop", enrolled.Out, StringComparison.Ordinal);
        Assert.Contains("Policy default 1 holds from now (bundle 1", enrolled.Out, StringComparison.Ordinal);
        Assert.Contains("Test fleet", enrolled.Out, StringComparison.Ordinal);
        AssertNoTokenIn(device.Home, enrolled);

        // 2  The fleet's policy decides, and the record says so.
        await using var guard = await device.StartAsync();
        Assert.Equal(200, (await PostAsync(guard, Address())).Status);
        await WaitForAsync(device, r => r.Type == "decision" && r.Record.GetProperty("bundle").GetInt64() == 1 && r.Text("action") == "allow", "a decision under bundle 1");

        // 3  An administrator assigns a stricter one: the next request after the poll obeys it, without a restart.
        var database = await FleetDatabase.OpenAsync(Path.Combine(Server.Home, "fleet.db"), TimeProvider.System, Stop);
        await database.Store.AddDocumentAsync(
            new FleetDocument("assignments", "assignments", 1, "assignments: [{id: for-finance, policy: strict, include: {groups: [group-finance]}}]", new string('0', 64), "admin", DateTimeOffset.UtcNow), Stop);
        await WaitForAsync(device, r => r.Text("name") == "policy-bundle" && r.Text("detail")!.Contains("strict", StringComparison.Ordinal), "the new policy on the device");
        var before = provider.Requests.Count;
        Assert.Equal(400, (await PostAsync(guard, Address())).Status);
        Assert.Equal(before, provider.Requests.Count);
        await WaitForAsync(device, r => r.Type == "decision" && r.Record.GetProperty("bundle").GetInt64() == 2 && r.Text("policy") == "strict", "a decision under bundle 2");

        // 4  The records are at the fleet, and its cosignature is here.
        await Bounded.UntilAsync(
            async () => (await database.Store.ListExchangesAsync(100, null, null, Stop)).Any(e => e.Entry.Decision.Bundle == 2 && e.Entry.Outcome is not null), "the arrival of the exchange at the server");
        Assert.Contains("localfirst-guard-witness/", await File.ReadAllTextAsync(Path.Combine(device.Home, "cosigned", "1.note"), Stop), StringComparison.Ordinal);
        await Bounded.UntilAsync(
            async () => Assert.Single(await database.Store.ListDevicesAsync(Stop), d => d.Name == "ada-laptop").BundleVersion == 2, "the device's word that it obeys bundle 2");

        // 5  Doctor sees every link.
        var doctor = await GuardCli.RunAsync(device.Home, ["doctor", "--home", device.Home], environment: device.Environment);
        Assert.Matches("(?m)^ok +fleet .*bundle 2.*strict", doctor.Out);
        Assert.Matches("(?m)^ok +fleet-server .*lets this device in", doctor.Out);
        Assert.Matches("(?m)^(ok|warn) +fleet-upload .*cosigned [0-9,]+ of [0-9,]+ records", doctor.Out);

        // 6  Leaving needs the broker's end, is recorded, and the record arrives.
        var tooEarly = await device.EnrolAsync("--leave", "--yes");
        Assert.Equal(2, tooEarly.ExitCode);
        Assert.Contains("Stop that broker first", tooEarly.Error, StringComparison.Ordinal);
        Assert.Equal(0, await guard.StopAsync());
        var left = await device.EnrolAsync("--leave", "--yes");
        Assert.True(left.ExitCode == 0, left.Everything);
        Assert.False(Directory.Exists(Path.Combine(device.Home, "membership")));
        Assert.True(await HasEventAsync(database, "fleet-left"), "The server has no record of the leaving.");
    }

    [Fact]
    public async Task A_device_code_enrols_too_and_enrolling_again_changes_nothing()
    {
        using var device = new MemberDevice(Server.Directory.RootFile);

        var enrolled = await device.EnrolWithCodeAsync(Server.Url, "admin");
        Assert.True(enrolled.ExitCode == 0, enrolled.Everything);
        AssertNoTokenIn(device.Home, enrolled);
        var again = await device.EnrolWithCodeAsync(Server.Url, "admin");

        Assert.True(again.ExitCode == 0, again.Everything);
        Assert.Contains("bundle 1", again.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody", "Agent.Upload")]
    [InlineData("stranger", "another directory")]
    public async Task Who_may_not_enrol_is_told_why_and_the_device_stays_what_it_was(string person, string expected)
    {
        using var device = new MemberDevice(Server.Directory.RootFile);

        var refused = await device.EnrolWithBrowserAsync(Server.Url, person);

        AssertRefused(refused, expected, device);
    }

    [Fact]
    public async Task Without_an_answer_nobody_joins()
    {
        using var device = new MemberDevice(Server.Directory.RootFile);

        AssertRefused(await device.EnrolAsync(Server.Url.ToString()), "--yes", device);
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_is_named_as_that()
    {
        using var device = new MemberDevice(root: null);

        AssertRefused(await device.EnrolAsync(Server.Url.ToString(), "--yes"), "certificate that is not trusted", device);
    }

    [Fact]
    public async Task An_address_where_nobody_is_and_one_that_is_no_server_are_told_apart()
    {
        using var device = new MemberDevice(Server.Directory.RootFile);
        AssertRefused(await device.EnrolAsync("http://127.0.0.1:9", "--yes"), "nothing listens there", device);
        AssertRefused(await device.EnrolAsync(Server.Directory.Instance.ToString(), "--yes"), "is not a fleet server", device);
        AssertRefused(await device.EnrolAsync("http://guard.example", "--yes"), "without TLS", device);
        AssertRefused(await device.EnrolAsync("--yes"), "which fleet", device);
    }

    [Fact]
    public async Task A_clock_that_is_off_is_said_with_both_times()
    {
        await using var server = await DescribingAsync(Server.Directory.Issuer, DateTimeOffset.UtcNow.AddHours(1).AddMinutes(30));
        using var device = new MemberDevice(Server.Directory.RootFile);

        AssertRefused(await device.EnrolAsync(server.Urls.Single(), "--yes"), "1.5 h behind", device);
    }

    [Fact]
    public async Task A_tenant_that_the_directory_does_not_know_is_said_before_any_browser_opens()
    {
        var tenant = "99999999-0000-4000-8000-000000000009";
        await using var server = await DescribingAsync(Server.Directory.Issuer.Replace(OidcProvider.Tenant, tenant, StringComparison.Ordinal), DateTimeOffset.UtcNow);
        using var device = new MemberDevice(Server.Directory.RootFile);

        AssertRefused(await device.EnrolAsync(server.Urls.Single(), "--yes"), "azureAd.tenantId", device);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_reached_is_named()
    {
        await using var server = await DescribingAsync($"https://127.0.0.1:9/{OidcProvider.Tenant}/v2.0", DateTimeOffset.UtcNow);
        using var device = new MemberDevice(Server.Directory.RootFile);

        AssertRefused(await device.EnrolAsync(server.Urls.Single(), "--yes"), "The directory 127.0.0.1:9 cannot be reached", device);
    }

    [Fact]
    public async Task A_configuration_that_names_a_server_lets_nothing_leave_before_the_enrolment()
    {
        await using var provider = await FakeProvider.StartAsync();
        using var device = new MemberDevice(Server.Directory.RootFile);
        await device.ConfigureAsync(provider, $"server: {Server.Url}");
        await using var guard = await device.StartAsync();

        var refused = await PostAsync(guard, Some.CleanPrompt());

        Assert.Equal(400, refused.Status);
        Assert.Contains("guard enroll", refused.Text, StringComparison.Ordinal);
        Assert.Equal(0, provider.Connections);
        AssertRefused(await device.EnrolAsync("https://other.example", "--yes"), "another fleet server", device);
    }

    private static string Address() => $"Write to jane.roe{Guid.NewGuid().ToString("N")[..6]}@contoso.com about the release.";

    private static void AssertRefused(CommandResult result, string expected, MemberDevice device)
    {
        Assert.True(result.ExitCode == 2, result.Everything);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Contains("→", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(device.Home, "membership")), "The device was changed.");
    }

    // A token of the directory is three parts of base64url, and the first begins like this.
    private static void AssertNoTokenIn(string home, CommandResult printed)
    {
        Assert.DoesNotContain("eyJ", printed.Everything, StringComparison.Ordinal);
        foreach (var file in Directory.EnumerateFiles(home, "*", SearchOption.AllDirectories))
        {
            Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf("eyJ"u8) < 0, $"{file} holds a token.");
        }

        var membership = Path.Combine(home, "membership", "fleet.json");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(membership));
    }

    private static async Task<bool> HasEventAsync(FleetDatabase database, string name)
    {
        await foreach (var record in database.Records.ReadAsync(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, Stop))
        {
            if (record.Record is Audit.EventRecord { Name: var found } && found == name)
            {
                return true;
            }
        }

        return false;
    }

    private static Task WaitForAsync(MemberDevice device, Func<TailedRecord, bool> holds, string what) =>
        Bounded.UntilAsync(async () => (await AuditTail.ReadAsync(device.Home)).Any(holds), what, TimeSpan.FromSeconds(90));

    private static async Task<RawResponse> PostAsync(GuardProcess guard, string prompt)
    {
        await using var connection = await RawConnection.OpenAsync(guard.Proxy);
        return await connection.RequestAsync(
            "POST", "/openai/v1/chat/completions", guard.Proxy.Authority, ["Content-Type: application/json"], Encoding.UTF8.GetBytes($$"""{"model":"gpt-5","messages":[{"role":"user","content":"{{prompt}}"}]}"""));
    }

    /// <summary>Something that describes itself as the real server does, but for what the test changes. Plain HTTP is for loopback.</summary>
    private async Task<WebApplication> DescribingAsync(string authority, DateTimeOffset time)
    {
        using var client = Server.NewClient();
        var real = System.Text.Json.Nodes.JsonNode.Parse(await client.GetStringAsync(new Uri("/.well-known/localfirst-guard", UriKind.Relative), Stop))!;
        real["authority"] = authority;
        real["time"] = time;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.MapGet("/.well-known/localfirst-guard", () => Results.Text(real.ToJsonString(), "application/json"));
        await app.StartAsync(Stop);
        return app;
    }
}
