using LocalFirst.Guard.Audit.Notes;

namespace LocalFirst.Guard.Audit.Verification;

/// <summary>A signed checkpoint from outside an epoch's own rows, which that epoch has to fit.</summary>
/// <param name="Epoch">The epoch it is about.</param>
/// <param name="Checkpoint">What was signed.</param>
/// <param name="Source">Where it comes from, for people.</param>
/// <param name="Missing">The failure when the database has no such epoch.</param>
internal sealed record Claim(long Epoch, Checkpoint Checkpoint, string Source, string Missing);
