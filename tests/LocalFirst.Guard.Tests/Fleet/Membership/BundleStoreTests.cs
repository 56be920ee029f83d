using LocalFirst.Guard.Fleet.Bundles;
using LocalFirst.Guard.Fleet.Membership;
using LocalFirst.Guard.Tests.Audit;
using Xunit;

namespace LocalFirst.Guard.Tests.Fleet.Membership;

/// <summary>What lies on the device is not believed: it is verified at each start, and never older than before.</summary>
public sealed class BundleStoreTests : IDisposable
{
    private readonly SomeFleet _fleet = new();

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public void A_device_without_a_bundle_obeys_none()
    {
        var store = _fleet.OpenStore();

        Assert.Null(store.InForce);
        Assert.Null(store.RefusedAtStart);
    }

    [Fact]
    public void An_accepted_bundle_holds_at_once_and_after_the_next_start()
    {
        var store = _fleet.OpenStore();

        Assert.True(store.Accept(_fleet.Note(3, "strict")));
        Assert.False(store.Accept(_fleet.Note(3, "strict")));

        Assert.Equal("strict", store.InForce!.Policy.Name);
        var again = _fleet.OpenStore();
        Assert.Equal(3, again.InForce!.Bundle.Version);
        Assert.Equal("strict", again.InForce.Policy.Name);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_fleet.Folder.BundleFile));
        }
    }

    [Fact]
    public void An_older_bundle_is_refused_and_the_last_one_stays()
    {
        var store = _fleet.OpenStore();
        store.Accept(_fleet.Note(3, "strict"));

        Assert.Equal("older", Assert.Throws<BundleRefusedException>(() => store.Accept(_fleet.Note(2))).Cause);
        Assert.Equal("older", Assert.Throws<BundleRefusedException>(() => store.Accept(_fleet.Note(3, issued: SomeFleet.Start.AddHours(-1)))).Cause);

        Assert.Equal(3, store.InForce!.Bundle.Version);
        Assert.Equal(3, _fleet.OpenStore().InForce!.Bundle.Version);
    }

    [Fact]
    public void An_older_bundle_put_back_on_the_disk_is_not_obeyed_after_the_next_start()
    {
        var store = _fleet.OpenStore();
        store.Accept(_fleet.Note(1));
        var old = File.ReadAllText(_fleet.Folder.BundleFile);
        store.Accept(_fleet.Note(2, "strict"));
        File.WriteAllText(_fleet.Folder.BundleFile, old);

        var again = _fleet.OpenStore();

        Assert.Null(again.InForce);
        Assert.Equal("older", again.RefusedAtStart!.Cause);

        // The server's word mends it.
        again.Accept(_fleet.Note(2, "strict"));
        Assert.Equal("strict", _fleet.OpenStore().InForce!.Policy.Name);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_the_note_or_without_its_mark_nothing_is_obeyed(bool isNoteGone)
    {
        _fleet.OpenStore().Accept(_fleet.Note(1));
        File.Delete(isNoteGone ? _fleet.Folder.BundleFile : _fleet.Folder.SeenFile);

        var again = _fleet.OpenStore();

        Assert.Null(again.InForce);
        Assert.Equal("gone", again.RefusedAtStart!.Cause);
    }

    [Fact]
    public void Every_edit_of_the_note_on_disk_is_noticed()
    {
        _fleet.OpenStore().Accept(_fleet.Note(1, "strict"));
        var note = File.ReadAllText(_fleet.Folder.BundleFile);

        foreach (var (from, to) in new[] { ("then: block", "then: allow"), ("\"version\":1", "\"version\":9"), ("\"expires\":", "\"expires\":9"), ("\"block\"", "\"local\"") })
        {
            Assert.Contains(from, note, StringComparison.Ordinal);
            File.WriteAllText(_fleet.Folder.BundleFile, note.Replace(from, to, StringComparison.Ordinal));
            var again = _fleet.OpenStore();
            Assert.Null(again.InForce);
            Assert.Equal("changed", again.RefusedAtStart!.Cause);
        }

        File.WriteAllText(_fleet.Folder.BundleFile, note[..(note.Length / 2)]);
        Assert.NotNull(_fleet.OpenStore().RefusedAtStart);
        File.WriteAllText(_fleet.Folder.BundleFile, "");
        Assert.NotNull(_fleet.OpenStore().RefusedAtStart);
    }

    [Fact]
    public void A_mark_that_was_lowered_lets_no_edited_note_in_and_a_broken_one_none_at_all()
    {
        var store = _fleet.OpenStore();
        store.Accept(_fleet.Note(5));
        File.WriteAllText(_fleet.Folder.SeenFile, "nonsense\n");

        Assert.Equal("unreadable", _fleet.OpenStore().RefusedAtStart!.Cause);
    }

    [Fact]
    public void Another_fleets_bundle_and_one_from_the_future_are_refused()
    {
        using var other = new SomeFleet();
        var store = _fleet.OpenStore();

        Assert.Equal("other-key", Assert.Throws<BundleRefusedException>(() => store.Accept(other.Note(1))).Cause);
        Assert.Equal("future", Assert.Throws<BundleRefusedException>(() => store.Accept(_fleet.Note(1, issued: SomeFleet.Start.AddHours(1)))).Cause);
        Assert.Null(store.InForce);
    }

    [Fact]
    public void A_clock_set_back_before_the_bundle_does_not_prolong_it()
    {
        _fleet.OpenStore().Accept(_fleet.Note(1));
        var past = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(SomeFleet.Start.AddDays(-1));

        Assert.Equal("future", BundleStore.Open(_fleet.Folder, _fleet.Membership.Verifier(), past).RefusedAtStart!.Cause);
    }

    [Fact]
    public void An_expired_bundle_is_still_the_one_that_says_what_happens_then()
    {
        _fleet.OpenStore().Accept(_fleet.Note(1));
        _fleet.Time.Advance(TimeSpan.FromDays(30));

        Assert.Equal(1, _fleet.OpenStore().InForce!.Bundle.Version);
    }

    [Fact]
    public void A_damaged_membership_is_said_to_be_and_never_taken_for_none()
    {
        Assert.Equal(_fleet.Membership, _fleet.Folder.Read());
        using var empty = new TempLog();
        Assert.Null(new MembershipFolder(Path.Combine(empty.Home, "membership")).Read());

        var whole = File.ReadAllText(_fleet.Folder.MembershipFile);
        foreach (var damaged in new[] { "", "{}", "[]", whole[..^20], whole.Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal), whole.Replace("https://", "http://", StringComparison.Ordinal), whole.Replace("localfirst-guard-policy", "x y", StringComparison.Ordinal) })
        {
            Assert.NotEqual(whole, damaged);
            File.WriteAllText(_fleet.Folder.MembershipFile, damaged);
            Assert.Contains("--again", Assert.Throws<FleetException>(() => _fleet.Folder.Read()).Message, StringComparison.Ordinal);
        }
    }
}
