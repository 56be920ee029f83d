using System.Text;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Diagnosis;
using LocalFirst.Guard.MachineSetup.Doctor;
using Xunit;

namespace LocalFirst.Guard.Tests.Fleet.Membership;

/// <summary>What doctor says of the fleet, without asking anybody.</summary>
public sealed class FleetCheckTests : IDisposable
{
    private readonly SomeFleet _fleet = new();

    public FleetCheckTests()
    {
        PrivateFile.EnsureFolder(Home.Keys);
        PrivateFile.Replace(Path.Combine(Home.Keys, "device-id"), Encoding.ASCII.GetBytes(_fleet.Membership.Device + "\n"));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private GuardHome Home => new(_fleet.Device.Home);

    private FleetCheck Check => new(Home, Home.Config, _fleet.Time);

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public async Task A_device_of_no_fleet_is_well()
    {
        _fleet.Folder.Remove();

        Assert.Equal(CheckStatus.Ok, (await Check.RunAsync(Stop)).Status);
        Assert.Equal(CheckStatus.Ok, (await new FleetServerCheck(Home, _fleet.Time).RunAsync(Stop)).Status);
        Assert.Equal(CheckStatus.Ok, (await new FleetUploadCheck(Home).RunAsync(Stop)).Status);
    }

    [Fact]
    public async Task A_bundle_in_force_an_expired_one_and_none_are_told_apart_with_the_mend()
    {
        var none = await Check.RunAsync(Stop);
        Assert.Equal(CheckStatus.Fail, none.Status);
        Assert.Contains("guard run", none.Mend!, StringComparison.Ordinal);

        _fleet.OpenStore().Accept(_fleet.Note(7, "strict"));
        var good = await Check.RunAsync(Stop);
        Assert.Equal(CheckStatus.Ok, good.Status);
        Assert.Contains("bundle 7", good.Finding, StringComparison.Ordinal);
        Assert.Contains("policy strict", good.Finding, StringComparison.Ordinal);

        _fleet.Time.Advance(TimeSpan.FromDays(8));
        var expired = await Check.RunAsync(Stop);
        Assert.Equal(CheckStatus.Fail, expired.Status);
        Assert.Contains("guard.example", expired.Mend!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_that_names_another_server_fails()
    {
        await File.WriteAllTextAsync(Home.Config, "server: https://other.example\n", Stop);

        Assert.Contains("other.example", (await Check.RunAsync(Stop)).Finding, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_a_warning()
    {
        _fleet.Folder.Save(_fleet.Membership with { Server = new Uri("http://127.0.0.1:9/") });

        var result = await new FleetServerCheck(Home, _fleet.Time).RunAsync(Stop);

        Assert.Equal(CheckStatus.Warn, result.Status);
        Assert.Contains("nothing listens there", result.Finding, StringComparison.Ordinal);
    }
}
