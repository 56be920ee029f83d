using LocalFirst.Guard.Audit.Fleet;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Which policy bundle a device has.</summary>
/// <param name="Obeyed">The one that it last said to obey; null before the first.</param>
/// <param name="Newest">The newest that was made for it; null before it asked.</param>
/// <param name="Revoked">Whether it belongs to the fleet no more.</param>
internal sealed record BundleState(long? Obeyed, long? Newest, bool Revoked)
{
    public static BundleState Of(FleetDevice device, IReadOnlyDictionary<string, long> newest) =>
        new(device.BundleVersion, newest.TryGetValue(device.Id, out var version) ? version : null, device.Revoked is not null);
}
