using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Fleet.Bundles;
using LocalFirst.Guard.Fleet.Membership;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Tests.Audit;
using Microsoft.Extensions.Time.Testing;

namespace LocalFirst.Guard.Tests.Fleet.Membership;

/// <summary>A fleet's keys on one side and a device's folder on the other, with one clock that tests move.</summary>
internal sealed class SomeFleet : IDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);

    private readonly TempLog _server = new();
    private readonly TempLog _device = new();

    public SomeFleet()
    {
        Keys = FleetKeys.Open(_server.Keys);
        Folder = new MembershipFolder(Path.Combine(_device.Home, "membership"));
        Membership = new FleetMembership
        {
            Server = new Uri("https://guard.example/"),
            Fleet = Keys.FleetId,
            Name = "Example",
            Device = new string('a', 32),
            Person = "ada@example.test",
            PolicyKey = Keys.BundleSigner.VerifierKey.ToString(),
            WitnessKey = Keys.Cosigner.VerifierKey,
            Enrolled = Start,
        };
        Folder.Save(Membership);
    }

    public FleetKeys Keys { get; }

    public MembershipFolder Folder { get; }

    public FleetMembership Membership { get; }

    public FakeTimeProvider Time { get; } = new(Start);

    public TempLog Device => _device;

    public BundleStore OpenStore() => BundleStore.Open(Folder, Membership.Verifier(), Time);

    public string Note(long version, string policy = "default", DateTimeOffset? issued = null, PolicyAction expired = PolicyAction.Block, string? yaml = null) =>
        Keys.BundleSigner.Sign(Bundle(version, policy, issued, expired, yaml).ToText());

    public PolicyBundle Bundle(long version, string policy = "default", DateTimeOffset? issued = null, PolicyAction expired = PolicyAction.Block, string? yaml = null) => new()
    {
        Fleet = Keys.FleetId,
        Device = Membership.Device,
        Version = version,
        Issued = issued ?? Start,
        Expires = (issued ?? Start).AddDays(7),
        Expired = expired,
        Policies = [new BundledPolicy(policy, yaml ?? PolicyFile.BuiltInText(policy))],
        Assignments = [],
    };

    public void Dispose()
    {
        Keys.Dispose();
        _server.Dispose();
        _device.Dispose();
    }
}

/// <summary>Keeps what is recorded.</summary>
internal sealed class RecordedEvents : IAuditLog
{
    private readonly Lock _lock = new();
    private readonly List<EventRecord> _events = [];

    public IReadOnlyList<EventRecord> Events
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    public Task<LogPosition> AppendAsync(AuditRecord record, CancellationToken cancellation = default)
    {
        lock (_lock)
        {
            _events.Add((EventRecord)record);
            return Task.FromResult(new LogPosition(_events.Count - 1, new byte[32]));
        }
    }

    public string Correlate(ReadOnlySpan<byte> value) => "hash";
}

/// <summary>Answers in place of a server.</summary>
internal sealed class Answering(Func<HttpRequestMessage, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => answer(request);
}
