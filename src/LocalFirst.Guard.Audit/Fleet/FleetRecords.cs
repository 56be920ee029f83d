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
public sealed record FleetDocument(string Kind, string Name, long Version, string Text, string Hash, string By, DateTimeOffset Written);

/// <summary>An exchange of some device.</summary>
/// <param name="Device">The device.</param>
/// <param name="DeviceName">Its name.</param>
/// <param name="Person">Sign-in name of its person.</param>
/// <param name="Entry">The exchange; its <see cref="ExchangeEntry.DecisionIndex"/> is the server's own running number.</param>
public sealed record FleetExchange(string Device, string DeviceName, string Person, ExchangeEntry Entry);

/// <summary>Another write came first, or contradicts what is stored. The message says what, where and what to do next.</summary>
/// <param name="message">What happened.</param>
public sealed class FleetConflictException(string message) : Exception(message);
