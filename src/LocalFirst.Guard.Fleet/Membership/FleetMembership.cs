using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Fleet.Bundles;

namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>What a device pinned when it enrolled. Nothing in it is secret; whoever changes it changes whom the device obeys.</summary>
public sealed record FleetMembership
{
    /// <summary>Version of the form.</summary>
    public const int Form = 1;

    /// <summary>Version of the form of this one.</summary>
    public int Version { get; init; } = Form;

    /// <summary>Base address of the server.</summary>
    public required Uri Server { get; init; }

    /// <summary>The fleet's id.</summary>
    public required string Fleet { get; init; }

    /// <summary>The fleet's name, for people.</summary>
    public required string Name { get; init; }

    /// <summary>Id under which this device enrolled.</summary>
    public required string Device { get; init; }

    /// <summary>Sign-in name of the person that enrolled it.</summary>
    public required string Person { get; init; }

    /// <summary>Checks policy bundles (C2SP signed-note verifier key).</summary>
    public required string PolicyKey { get; init; }

    /// <summary>Checks cosignatures (C2SP, type 0x04).</summary>
    public required string WitnessKey { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset Enrolled { get; init; }

    /// <summary>What checks bundles with these pins.</summary>
    public BundleVerifier Verifier() => new(VerifierKey.Parse(PolicyKey), Fleet, Device);

    /// <summary>What checks cosignatures with these pins.</summary>
    public CosignatureKey Witness() => CosignatureKey.Parse(WitnessKey);
}
