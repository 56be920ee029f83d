using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Fleet.Api;
using LocalFirst.Guard.Fleet.Bundles;

namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>
/// How a device joins a fleet:
/// <code>
///  1 describe   the server says who it is                       2 (a person agrees, and signs in)
///  3 register   key and proof, with the person's token          4 fetch      the first bundle, verified with the keys of step 1
///  5 pin        fleet, keys and address; then the bundle
/// </code>
/// Until step 5 the device is what it was before: an enrolment that breaks off changes nothing here.
/// </summary>
/// <param name="folder">Where the membership is kept.</param>
/// <param name="identity">The device; disposed by the caller.</param>
/// <param name="time">The clock.</param>
public sealed class Enrolment(MembershipFolder folder, DeviceIdentity identity, TimeProvider time)
{
    /// <summary>How far the clocks of device and server may be apart; beyond it the server takes no signed request.</summary>
    public static readonly TimeSpan ClockTolerance = BundleVerifier.ClockTolerance;

    /// <summary>Step 1: asks the server, and compares what it says with the clock here and with what is pinned.</summary>
    /// <param name="server">Its address.</param>
    /// <param name="isAgain">Whether the person wants to start afresh, whatever is pinned.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="FleetException">It is no server to enrol with.</exception>
    public async Task<FleetDescription> DescribeAsync(Uri server, bool isAgain, CancellationToken cancellation)
    {
        using var client = FleetClient.Unsigned(server);
        var fleet = await client.DescribeAsync(cancellation);
        CheckClock(fleet, time.GetUtcNow());
        try
        {
            _ = VerifierKey.Parse(fleet.PolicyKey);
            _ = CosignatureKey.Parse(fleet.WitnessKey);
        }
        catch (FormatException)
        {
            throw new FleetException(FleetProblem.NotAServer, $"{server} gives keys that this version of guard cannot read.", "Update guard, or check the address with your administrator.");
        }

        if (!isAgain && folder.Read() is { } pinned)
        {
            Compare(pinned, fleet, identity.DeviceId);
        }

        return fleet;
    }

    /// <summary>Steps 3 to 5.</summary>
    /// <param name="server">The server's address.</param>
    /// <param name="fleet">What it said in step 1.</param>
    /// <param name="person">Who signed in.</param>
    /// <param name="name">Name of this device, for people.</param>
    /// <param name="isAgain">Whether what was pinned and obeyed before is forgotten.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="FleetException">It did not work.</exception>
    /// <exception cref="BundleRefusedException">The server's first bundle must not be obeyed.</exception>
    public async Task<(FleetMembership Membership, VerifiedBundle Bundle)> EnrolAsync(Uri server, FleetDescription fleet, SignedInPerson person, string name, bool isAgain, CancellationToken cancellation)
    {
        var proof = identity.Sign(EnrolmentRequest.Message(fleet.Fleet, identity.DeviceId, person.ObjectId));
        EnrolmentAnswer enrolled;
        using (var client = FleetClient.Unsigned(server))
        {
            enrolled = await client.EnrolAsync(
                new EnrolmentRequest(identity.DeviceId, name, Convert.ToBase64String(identity.PublicKey), Convert.ToBase64String(proof)), person.AccessToken, cancellation);
        }

        var membership = new FleetMembership
        {
            Server = server,
            Fleet = fleet.Fleet,
            Name = fleet.Name,
            Device = identity.DeviceId,
            Person = enrolled.Person,
            PolicyKey = fleet.PolicyKey,
            WitnessKey = fleet.WitnessKey,
            Enrolled = time.GetUtcNow(),
        };
        using var signed = FleetClient.Signed(server, identity, time);
        var (note, _) = (await signed.BundleAsync(null, null, cancellation))!.Value;
        _ = membership.Verifier().Verify(note, null, time.GetUtcNow());

        if (isAgain)
        {
            folder.ForgetBundle();
        }

        folder.Save(membership);
        var store = BundleStore.Open(folder, membership.Verifier(), time);
        store.Accept(note);
        return (membership, store.InForce!);
    }

    /// <summary>The clocks agree well enough for signed requests.</summary>
    internal static void CheckClock(FleetDescription fleet, DateTimeOffset now)
    {
        var off = now - fleet.Time;
        if (off.Duration() > ClockTolerance)
        {
            throw new FleetException(
                FleetProblem.Clock,
                $"This machine's clock says {now:u}, the fleet's server says {fleet.Time:u}: {Span(off.Duration())} {(off > TimeSpan.Zero ? "ahead" : "behind")}.",
                "Set the wrong one (switch on network time), then try again. Signed requests are good for five minutes.");
        }
    }

    // What is pinned is only worth something if a difference stops the enrolment.
    private static void Compare(FleetMembership pinned, FleetDescription fleet, string device)
    {
        if (pinned.Fleet != fleet.Fleet)
        {
            throw new FleetException(FleetProblem.Membership, $"This device belongs to the fleet {pinned.Name} ({pinned.Fleet}); that server is of another: {Short(fleet.Name)} ({Short(fleet.Fleet)}).", "Leave the old fleet first (guard enroll --leave), or enrol with --again to change over.");
        }

        if (pinned.PolicyKey != fleet.PolicyKey || pinned.WitnessKey != fleet.WitnessKey)
        {
            throw new FleetException(FleetProblem.Membership, $"The server says it is the fleet {pinned.Name}, but its keys are not those that this device pinned at its enrolment.", "Ask your security team whether the server's keys were changed; if they were, enrol with --again. If not, somebody stands between.");
        }

        if (pinned.Device != device)
        {
            throw new FleetException(FleetProblem.Membership, "This home has other keys than those that were enrolled: its keys folder was replaced.", "Enrol with --again as a new device; the old one stays in the fleet's list until it is revoked.");
        }
    }

    private static string Short(string text) => string.Concat(text.Where(c => !char.IsControl(c)).Take(64));

    private static string Span(TimeSpan span) => span.TotalMinutes >= 59.5 ? $"{span.TotalHours:0.#} h" : $"{span.TotalMinutes:0} min";
}
