namespace LocalFirst.Guard.Fleet.Api;

/// <summary>What <c>/.well-known/localfirst-guard</c> tells a device that wants to enrol.</summary>
/// <param name="Version">Version of this form: 1.</param>
/// <param name="Fleet">The fleet's id.</param>
/// <param name="Name">Its name, for people.</param>
/// <param name="Authority">Where people sign in (OpenID Connect issuer address).</param>
/// <param name="ClientId">Client id for devices.</param>
/// <param name="Scopes">Scopes to ask for.</param>
/// <param name="PolicyKey">Checks policy bundles (C2SP signed-note verifier key).</param>
/// <param name="WitnessKey">Checks cosignatures (C2SP, type 0x04).</param>
/// <param name="Time">The server's clock.</param>
public sealed record FleetDescription(int Version, string Fleet, string Name, string Authority, string ClientId, IReadOnlyList<string> Scopes, string PolicyKey, string WitnessKey, DateTimeOffset Time)
{
    /// <summary>Where it is.</summary>
    public const string Path = "/.well-known/localfirst-guard";
}

/// <summary>What a device sends to enrol.</summary>
/// <param name="Device">Device id, 32 hex digits.</param>
/// <param name="Name">Its name, for people.</param>
/// <param name="PublicKey">Raw Ed25519 public key, base64.</param>
/// <param name="Proof">Signature over <see cref="Message"/>, base64: the device holds the key.</param>
public sealed record EnrolmentRequest(string Device, string Name, string PublicKey, string Proof)
{
    /// <summary>What the proof signs: it is good for one fleet, one device and one person.</summary>
    /// <param name="fleet">The fleet's id.</param>
    /// <param name="device">Device id.</param>
    /// <param name="person">Object id of the person, as in the token.</param>
    public static byte[] Message(string fleet, string device, string person) => System.Text.Encoding.UTF8.GetBytes($"localfirst-guard enrol v1\n{fleet}\n{device}\n{person}");
}

/// <summary>What the server answers.</summary>
/// <param name="Device">Device id.</param>
/// <param name="Fleet">The fleet's id.</param>
/// <param name="Person">Sign-in name of the person that the device now belongs to.</param>
public sealed record EnrolmentAnswer(string Device, string Fleet, string Person);
