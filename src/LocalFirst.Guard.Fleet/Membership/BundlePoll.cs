using System.Globalization;
using LocalFirst.Guard.Fleet.Bundles;

namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>Asks the server for the policy bundle, again and again. Whatever goes wrong leaves the last good bundle in force.</summary>
/// <param name="client">The server.</param>
/// <param name="store">What is obeyed.</param>
/// <param name="journal">Tells what happened.</param>
/// <param name="time">The clock.</param>
/// <param name="random">The jitter.</param>
public sealed class BundlePoll(FleetClient client, BundleStore store, FleetJournal journal, TimeProvider time, Random random)
{
    private const string Outage = "outage";

    private readonly Pace _pace = new(Pace.DefaultPoll, random);
    private string? _tag;

    /// <summary>What went wrong at the last try; null when it worked, or before the first.</summary>
    public FleetException? Problem { get; private set; }

    /// <summary>Polls until it is stopped; the first time at once.</summary>
    /// <param name="stop">Stops it.</param>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            if (store.RefusedAtStart is { } refused)
            {
                await RefuseAsync(refused);
            }

            while (true)
            {
                await Task.Delay(await OnceAsync(stop), time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The way it ends.
        }
    }

    /// <summary>Asks once.</summary>
    /// <param name="stop">Stops it.</param>
    /// <returns>How long to wait before the next time.</returns>
    internal async Task<TimeSpan> OnceAsync(CancellationToken stop)
    {
        try
        {
            if (await client.BundleAsync(_tag, store.InForce?.Bundle.Version, stop) is var (note, tag))
            {
                if (store.Accept(note))
                {
                    await ObeyAsync();
                }

                _tag = tag;
            }

            if (journal.Forget(Outage))
            {
                journal.SayOnce("back", "The fleet's server answers again.");
                journal.Forget("back");
            }

            Problem = null;
            return _pace.Worked();
        }
        catch (BundleRefusedException e)
        {
            await RefuseAsync(e);
            Problem = new FleetException(FleetProblem.Refused, e.Message, "Show this to your security team.");
            return _pace.Failed();
        }
        catch (FleetException e)
        {
            await TellAsync(e);
            Problem = e;
            return _pace.Failed();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A mistake of this program: the poll goes on, and the last good bundle holds.
            await journal.RecordOnceAsync(e.GetType().Name, "policy-poll-failed", $"Asking for the policy failed unexpectedly ({e.GetType().Name}). Please report it.");
            return _pace.Failed();
        }
        finally
        {
            await TellExpiryAsync();
        }
    }

    private Task ObeyAsync()
    {
        var (bundle, policy) = store.InForce!;
        return journal.RecordAsync("policy-bundle", string.Create(
            CultureInfo.InvariantCulture,
            $"Policy bundle {bundle.Version} holds from now: policy {policy.Name} {policy.Version} ({policy.Hash[..12]}), until {bundle.Expires:u} if nothing newer is heard."));
    }

    private Task RefuseAsync(BundleRefusedException e) =>
        journal.RecordOnceAsync(e.Cause, "policy-bundle-refused", $"A policy bundle was refused. {e.Message} {(store.InForce is { } last ? $"Bundle {last.Bundle.Version.ToString(CultureInfo.InvariantCulture)} stays in force." : "No bundle is in force, so nothing leaves.")}");

    private async Task TellAsync(FleetException e)
    {
        if (e.Problem is FleetProblem.Revoked)
        {
            await journal.RecordOnceAsync("revoked", "device-revoked", $"{e.What} {Until()}");
            return;
        }

        // Not a record: a laptop is offline every evening.
        journal.SayOnce(Outage, $"{e.Message}\n  {Until()}");
    }

    private async Task TellExpiryAsync()
    {
        if (store.InForce is { } verified && time.GetUtcNow() >= verified.Bundle.Expires)
        {
            await journal.RecordOnceAsync(
                verified.Bundle.Mark.ToString(), "policy-bundle-expired", string.Create(CultureInfo.InvariantCulture, $"Policy bundle {verified.Bundle.Version} expired on {verified.Bundle.Expires:u}: what would leave is {(verified.Bundle.Expired == Policies.PolicyAction.Local ? "kept local" : "refused")} until the fleet's server gives a newer one."));
        }
    }

    private string Until() => store.InForce is { } last
        ? string.Create(CultureInfo.InvariantCulture, $"This device goes on guarding with policy bundle {last.Bundle.Version} until {last.Bundle.Expires:u}.")
        : "No policy bundle is in force, so nothing leaves.";
}
