using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Fleet.Bundles;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Tests.Audit;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.Fleet;

/// <summary>From assignment to the device: what it obeys, and what it refuses.</summary>
public sealed class BundleTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);

    private readonly TempLog _folder = new();
    private readonly FakeTimeProvider _time = new(Start);
    private readonly FleetKeys _keys;

    public BundleTests() => _keys = FleetKeys.Open(_folder.Keys);

    private static string Device => new('a', 32);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private BundleVerifier Verifier => new(_keys.BundleSigner.VerifierKey, _keys.FleetId, Device);

    public void Dispose()
    {
        _keys.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_member_of_the_group_gets_strict_and_its_device_accepts_it()
    {
        var (maker, store) = await OpenAsync();
        await AssignAsync(store, 1, "strict");

        var bundle = await maker.MakeAsync((await store.FindDeviceAsync(Device, Stop))!, Stop);
        var accepted = Verifier.Verify(maker.Sign(bundle), null, Start);

        Assert.Equal(PolicyFile.BuiltIn("strict").Hash, accepted.ToPolicy().Hash);
        Assert.Equal(1, accepted.Version);
        Assert.Equal(["for-finance"], accepted.Assignments);
    }

    [Fact]
    public async Task A_changed_assignment_is_a_newer_bundle_and_the_older_one_is_refused_then()
    {
        var (maker, store) = await OpenAsync();
        var device = (await store.FindDeviceAsync(Device, Stop))!;
        var old = maker.Sign(await maker.MakeAsync(device, Stop));
        await AssignAsync(store, 1, "strict");
        var present = Verifier.Verify(maker.Sign(await maker.MakeAsync(device, Stop)), null, Start);

        var error = Assert.Throws<BundleRefusedException>(() => Verifier.Verify(old, present, Start));

        Assert.Equal(2, present.Version);
        Assert.Contains("older", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asking_again_says_the_same_until_half_its_life_is_over()
    {
        var (maker, store) = await OpenAsync();
        var device = (await store.FindDeviceAsync(Device, Stop))!;
        var first = await maker.MakeAsync(device, Stop);
        _time.Advance(TimeSpan.FromDays(4));
        var later = await maker.MakeAsync(device, Stop);

        Assert.Equal(first.Version, later.Version);
        Assert.True(later.Issued > first.Issued);
        Assert.True(later.Expires > _time.GetUtcNow() + TimeSpan.FromDays(3));
        Assert.Equal(later.ToText(), Verifier.Verify(maker.Sign(later), first, _time.GetUtcNow()).ToText());
    }

    [Fact]
    public async Task What_was_changed_on_its_way_is_refused()
    {
        var (maker, store) = await OpenAsync();
        var note = maker.Sign(await maker.MakeAsync((await store.FindDeviceAsync(Device, Stop))!, Stop));

        Assert.Throws<BundleRefusedException>(() => Verifier.Verify(note.Replace("\"version\":1", "\"version\":9", StringComparison.Ordinal), null, Start));
        Assert.Throws<BundleRefusedException>(() => Verifier.Verify(SignedNote.Parse(note).Text, null, Start));
        Assert.Throws<BundleRefusedException>(() => Verifier.Verify("", null, Start));
    }

    [Fact]
    public async Task Another_fleets_key_another_device_and_the_future_are_refused()
    {
        var (maker, store) = await OpenAsync();
        var bundle = await maker.MakeAsync((await store.FindDeviceAsync(Device, Stop))!, Stop);
        using var folder = new TempLog();
        using var others = FleetKeys.Open(folder.Keys);

        Assert.Contains("not signed with the key", Assert.Throws<BundleRefusedException>(() => Verifier.Verify(others.BundleSigner.Sign(bundle.ToText()), null, Start)).Message, StringComparison.Ordinal);
        Assert.Contains("another device", Assert.Throws<BundleRefusedException>(() => Verifier.Verify(maker.Sign(bundle with { Device = new string('b', 32) }), null, Start)).Message, StringComparison.Ordinal);
        Assert.Contains("future", Assert.Throws<BundleRefusedException>(() => Verifier.Verify(maker.Sign(bundle with { Issued = Start.AddHours(1) }), null, Start)).Message, StringComparison.Ordinal);
    }

    private async Task<(BundleMaker Maker, IFleetStore Store)> OpenAsync()
    {
        var database = await FleetDatabase.OpenAsync(Path.Combine(_folder.Home, "fleet.db"), _time, Stop);
        await database.Store.SavePersonAsync(new FleetPerson("oid-1", "tid", "ada@example.test", ["finance"], Start), Stop);
        await database.Store.EnrollAsync(new FleetDevice(Device, "laptop", new byte[32], "oid-1", Start, null, null, null), Stop);
        return (new BundleMaker(database.Store, _keys, _time, TimeSpan.FromDays(7)), database.Store);
    }

    private static Task AssignAsync(IFleetStore store, long version, string policy) => store.AddDocumentAsync(
        new FleetDocument("assignments", "assignments", version, $"assignments: [{{id: for-finance, policy: {policy}, include: {{groups: [finance]}}}}]", new string('0', 64), "admin", Start), Stop);
}
