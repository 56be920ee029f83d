namespace LocalFirst.Guard.Audit.Fleet;

/// <summary>A person of the directory, as the last token told.</summary>
/// <param name="ObjectId">The directory's object id (<c>oid</c>).</param>
/// <param name="TenantId">The directory (<c>tid</c>).</param>
/// <param name="Name">Sign-in name (<c>preferred_username</c>), for people.</param>
/// <param name="Groups">Object ids of the groups.</param>
/// <param name="Seen">When the token was seen.</param>
public sealed record FleetPerson(string ObjectId, string TenantId, string Name, IReadOnlyList<string> Groups, DateTimeOffset Seen);

/// <summary>An enrolled device.</summary>
/// <param name="Id">Device id, 32 hex digits; part of its logs' origins.</param>
/// <param name="Name">Name that the device gave itself. Hostile text: shown as plain text.</param>
/// <param name="PublicKey">Raw Ed25519 public key, 32 bytes: checks its checkpoints and its signed requests.</param>
/// <param name="PersonId">Object id of the person who enrolled it.</param>
/// <param name="Enrolled">When.</param>
/// <param name="LastSeen">Its last signed request; null before the first.</param>
/// <param name="BundleVersion">Policy bundle that it last said to obey; null before the first.</param>
/// <param name="Revoked">When it was revoked; null while it belongs to the fleet.</param>
public sealed record FleetDevice(string Id, string Name, ReadOnlyMemory<byte> PublicKey, string PersonId, DateTimeOffset Enrolled, DateTimeOffset? LastSeen, long? BundleVersion, DateTimeOffset? Revoked);

/// <summary>
/// One version of a document that administrators write: never changed, only followed by the next version.
/// </summary>
/// <param name="Kind"><c>policy</c> or <c>assignments</c>.</param>
/// <param name="Name">Name of the policy; <c>assignments</c> for the assignments.</param>
/// <param name="Version">From 1, per kind and name.</param>
/// <param name="Text">The YAML text.</param>
/// <param name="Hash">SHA-256 of its UTF-8 bytes, lower-case hex.</param>
/// <param name="By">Sign-in name of who wrote it.</param>
/// <param name="Written">When.</param>
public sealed record FleetDocument(string Kind, string Name, long Version, string Text, string Hash, string By, DateTimeOffset Written)
{
    /// <summary>Kind of the documents that hold policies, each under its policy's name.</summary>
    public const string PolicyKind = "policy";

    /// <summary>Kind of the documents that hold the examples of a policy, each under its policy's name.</summary>
    public const string PolicyTestsKind = "policy-tests";

    /// <summary>Kind and name of the document that holds the assignments.</summary>
    public const string AssignmentsKind = "assignments";
}

/// <summary>An exchange of some device.</summary>
/// <param name="Device">The device.</param>
/// <param name="DeviceName">Its name.</param>
/// <param name="Person">Sign-in name of its person.</param>
/// <param name="Entry">The exchange; its <see cref="ExchangeEntry.DecisionIndex"/> is the server's own running number.</param>
public sealed record FleetExchange(string Device, string DeviceName, string Person, ExchangeEntry Entry);

/// <summary>Which exchanges are looked for; what is null or empty does not matter.</summary>
/// <param name="Device">Device id.</param>
/// <param name="Person">Object id of the person whose device it is.</param>
/// <param name="Action">The decision: <c>allow</c>, <c>redact</c>, <c>local</c> or <c>block</c>.</param>
/// <param name="Provider">Provider id.</param>
public sealed record FleetExchangeFilter(string? Device = null, string? Person = null, string? Action = null, string? Provider = null);

/// <summary>A page of exchanges, newest first.</summary>
/// <param name="Exchanges">The exchanges that were found.</param>
/// <param name="Older">Where to look on; null when everything was looked at.</param>
/// <param name="IsCut">Whether the search stopped at its bound before the page was full, so that there may be more.</param>
public sealed record FleetExchangePage(IReadOnlyList<FleetExchange> Exchanges, long? Older, bool IsCut);

/// <summary>One leaf of a device's log.</summary>
/// <param name="Device">Device id.</param>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="Index">Leaf index in its epoch, from 0.</param>
/// <param name="Hash">Leaf hash as it was taken into the tree, 32 bytes.</param>
/// <param name="Canonical">The canonical bytes (RFC 8785) that the leaf commits to. Hostile text: shown as plain text.</param>
/// <param name="Record">The record; an <see cref="UnknownRecord"/> when this program cannot read it.</param>
/// <param name="IsWhole">Whether the bytes hash to the leaf hash.</param>
public sealed record FleetLeaf(string Device, long Epoch, long Index, ReadOnlyMemory<byte> Hash, ReadOnlyMemory<byte> Canonical, AuditRecord Record, bool IsWhole);

/// <summary>Another write came first, or contradicts what is stored. The message says what, where and what to do next.</summary>
/// <param name="message">What happened.</param>
public sealed class FleetConflictException(string message) : Exception(message);
