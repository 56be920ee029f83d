using System.Globalization;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Fleet.Membership;
using LocalFirst.Guard.Policies;

namespace LocalFirst.Guard.Running;

/// <summary>
/// A running broker's side of its fleet: the policy in force, the poll for a newer one, and the upload of the log. On a device of no fleet it is the local
/// policy and nothing else. Exchanges never wait for any of it.
/// </summary>
internal sealed class FleetLink : IAsyncDisposable
{
    /// <summary>For the records of the last moments; what does not arrive goes with the next start.</summary>
    private static readonly TimeSpan LastUpload = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly FleetMembership? _membership;
    private readonly string? _problem;
    private readonly BundlePoll? _poll;
    private readonly LogUpload? _upload;
    private readonly IDisposable[] _owned;
    private Task _polling = Task.CompletedTask;
    private Task _uploading = Task.CompletedTask;

    private FleetLink(PolicyInForce policy, FleetMembership? membership, string? problem, BundlePoll? poll = null, LogUpload? upload = null, params IDisposable[] owned)
    {
        Policy = policy;
        _membership = membership;
        _problem = problem;
        _poll = poll;
        _upload = upload;
        _owned = owned;
    }

    /// <summary>Which policy decides.</summary>
    public PolicyInForce Policy { get; }

    /// <summary>For the portal: the fleet, and how it stands; null on a device of no fleet.</summary>
    public string? Status
    {
        get
        {
            if (_problem is not null)
            {
                return _problem;
            }

            if (_membership is null)
            {
                return null;
            }

            var now = Policy.Now;
            var state = now.Hold?.Id switch
            {
                PolicyInForce.ExpiredRule => "policy expired, nothing leaves",
                null => _poll!.Problem is { } problem ? WordOf(problem.Problem) : "server answers",
                _ => "no valid policy, nothing leaves",
            };
            return string.Create(CultureInfo.InvariantCulture, $"{_membership.Name}{(now.Bundle is { } bundle ? $" · bundle {bundle}" : "")} · {state}");
        }
    }

    public bool IsWell => _problem is null && Policy.Now.Hold is null && _poll?.Problem is null;

    /// <summary>For the record of the start; empty on a device of no fleet.</summary>
    public string Described => _problem is not null
        ? $"{_problem} "
        : _membership is null ? "" : string.Create(CultureInfo.InvariantCulture, $"Fleet {_membership.Fleet}, bundle {Policy.Now.Bundle?.ToString(CultureInfo.InvariantCulture) ?? "none"}. ");

    /// <summary>Reads what this device pinned; asks nobody yet.</summary>
    /// <exception cref="FleetException">The membership is damaged.</exception>
    public static FleetLink Open(GuardHome home, GuardSettings settings, Policy local, AuditLog log, TimeProvider time)
    {
        var folder = new MembershipFolder(home.Membership);
        var membership = folder.Read();
        if (ProblemOf(membership, settings.Server, log.DeviceId) is { } problem)
        {
            return new FleetLink(PolicyInForce.Held(local, problem), membership, problem);
        }

        if (membership is null)
        {
            return new FleetLink(PolicyInForce.Alone(local), null, null);
        }

        var identity = DeviceIdentity.Open(home.Keys);
        var client = FleetClient.Signed(membership.Server, identity, time);
        var store = BundleStore.Open(folder, membership.Verifier(), time);
        var journal = new FleetJournal(log, time, sentence => Console.Error.WriteLine($"guard: {sentence}"));
        var options = new AuditLogOptions { DatabasePath = home.AuditDatabase, KeysFolder = home.Keys, TimeProvider = time };
        return new FleetLink(
            PolicyInForce.OfFleet(local, settings.NamesPolicy, store, membership, time),
            membership,
            null,
            new BundlePoll(client, store, journal, time, Random.Shared),
            new LogUpload(client, options, membership.Device, membership.Witness(), journal, time, Random.Shared),
            client,
            identity);
    }

    /// <summary>Begins to ask and to upload.</summary>
    public void Start()
    {
        if (_problem is not null)
        {
            Console.Error.WriteLine($"guard: {_problem}");
        }

        // On the pool from the first moment: reading the log for the first upload must not hold up the start.
        _polling = _poll is null ? Task.CompletedTask : Task.Run(() => _poll.RunAsync(_stop.Token));
        _uploading = _upload is null ? Task.CompletedTask : Task.Run(() => _upload.RunAsync(_stop.Token));
    }

    /// <summary>Stops both, then sends the last records. Call it when every outcome is written.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_polling, _uploading);
        if (_upload is not null)
        {
            using var limit = new CancellationTokenSource(LastUpload);
            try
            {
                await _upload.TryAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                // It goes with the next start.
            }
        }

        foreach (var item in _owned)
        {
            item.Dispose();
        }

        _stop.Dispose();
    }

    /// <summary>Why it is not clear whom this device obeys; null when it is. Each says what to do.</summary>
    internal static string? ProblemOf(FleetMembership? membership, Uri? server, string device)
    {
        if (membership is null)
        {
            return server is null ? null : $"guard.yaml names the fleet server {server.Authority}, but this device is not enrolled: nothing leaves until you run guard enroll and start the broker again.";
        }

        if (server is not null && !ServerAddress.AreSame(server, membership.Server))
        {
            return $"guard.yaml names the fleet server {server.Authority}, but this device is enrolled with {membership.Server.Authority}: nothing leaves. Mend 'server' in guard.yaml, or enrol with the other server, then start the broker again.";
        }

        return membership.Device == device
            ? null
            : $"This device's keys are not those that were enrolled with {membership.Server.Authority}: nothing leaves until you run guard enroll --again and start the broker again.";
    }

    private static string WordOf(FleetProblem problem) => problem switch
    {
        FleetProblem.Revoked => "this device was revoked",
        FleetProblem.NotEnrolled => "the server does not let this device in",
        FleetProblem.Certificate => "the server's certificate is not trusted",
        FleetProblem.Refused => "a policy bundle was refused",
        FleetProblem.ServerFailed => "the server fails",
        _ => "the server cannot be reached",
    };
}
