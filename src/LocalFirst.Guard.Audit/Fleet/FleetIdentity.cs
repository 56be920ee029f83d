using LocalFirst.Guard.Audit.Keys;

namespace LocalFirst.Guard.Audit.Fleet;

/// <summary>
/// Binds a database to the keys of its fleet. Several server processes may share one PostgreSQL database, each with a home, a log and session keys of
/// its own; but devices pin the fleet's keys when they enrol, so a process with other keys would hand out bundles and cosignatures that every device
/// refuses. The first process writes down which keys belong here; one with others does not start.
/// </summary>
public static class FleetIdentity
{
    private const string Kind = "fleet";
    private const string Name = "identity";

    /// <summary>Writes the keys down, or compares them with those that were.</summary>
    /// <param name="store">The database.</param>
    /// <param name="keys">This process's keys.</param>
    /// <param name="keysFolder">Where they lie, for the message.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="AuditException">The database belongs to a fleet with other keys, or cannot be used.</exception>
    public static async Task ClaimAsync(IFleetStore store, FleetKeys keys, string keysFolder, TimeProvider time, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(time);
        var own = $"{keys.FleetId}\n{keys.BundleSigner.VerifierKey}\n{keys.Cosigner.VerifierKey}\n";
        var known = await FindAsync(store, cancellation);
        if (known is null)
        {
            try
            {
                await store.AddDocumentAsync(new FleetDocument(Kind, Name, 1, own, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(own))), "guard server", time.GetUtcNow()), cancellation);
                return;
            }
            catch (FleetConflictException)
            {
                // Another process was first.
                known = await FindAsync(store, cancellation);
            }
        }

        if (known != own)
        {
            throw new AuditException(
                $"The database belongs to the fleet {known?.Split('\n')[0]}, and {keysFolder} holds the keys of another: devices would refuse whatever this server signs.\n  → Copy fleet-id, policy.key and witness.key from the keys folder of the fleet's other server, or from its backup, into that folder; or name a database of its own with --database.");
        }
    }

    private static async Task<string?> FindAsync(IFleetStore store, CancellationToken cancellation) =>
        (await store.ListDocumentsAsync(Kind, cancellation)).FirstOrDefault(d => d.Name == Name)?.Text;
}
