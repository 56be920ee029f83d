using System.Security.Cryptography;
using System.Text;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Fleet.Assignments;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Assignment;

namespace LocalFirst.Guard.Fleet.Bundles;

/// <summary>Makes a device's bundle on the server: person → groups → assignments → policies.</summary>
/// <param name="store">The fleet.</param>
/// <param name="keys">Signs it.</param>
/// <param name="time">The clock.</param>
/// <param name="life">How long a device that hears nothing obeys it.</param>
/// <param name="assignments">The assignments; null for those of <paramref name="store"/>.</param>
public sealed class BundleMaker(IFleetStore store, FleetKeys keys, TimeProvider time, TimeSpan life, IAssignmentSource? assignments = null)
{
    private readonly IAssignmentSource _assignments = assignments ?? new StoredAssignments(store);

    /// <summary>The bundle, unsigned; its times move on half its life after the last ones, so that asking often does not sign often.</summary>
    /// <param name="device">The device.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="PolicyException">An assigned policy does not exist.</exception>
    public async Task<PolicyBundle> MakeAsync(FleetDevice device, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(device);
        var person = await store.FindPersonAsync(device.PersonId, cancellation);
        var assigned = PolicyAssignment.Resolve((await _assignments.ReadAsync(cancellation)).Set, person?.Groups ?? []);
        var stored = await store.ListDocumentsAsync(FleetDocument.PolicyKind, cancellation);
        var library = new PolicyLibrary(stored.ToDictionary(d => d.Name, d => d.Text, StringComparer.Ordinal));
        var step = Math.Max(1, (long)(life.TotalSeconds / 2));
        var issued = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds() / step * step);
        var bundle = new PolicyBundle
        {
            Fleet = keys.FleetId,
            Device = device.Id,
            Version = 0,
            Issued = issued,
            Expires = issued + life,
            Expired = PolicyAction.Block,
            Policies = [.. assigned.Policies.Select(name => new BundledPolicy(name, library.TextOf(name)))],
            Assignments = assigned.AssignmentIds,
        };
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(bundle.Content())));
        return bundle with { Version = await store.BundleVersionAsync(device.Id, hash, issued, cancellation) };
    }

    /// <summary>The note of a bundle.</summary>
    /// <param name="bundle">The bundle.</param>
    public string Sign(PolicyBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        return keys.BundleSigner.Sign(bundle.ToText());
    }
}
