namespace LocalFirst.Guard.Audit;

/// <summary>One leaf for people.</summary>
/// <param name="Sequence">Position over all epochs, from 0; equal to the leaf index in a device's first epoch.</param>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="LeafIndex">Leaf index in its epoch, from 0.</param>
/// <param name="LeafHash">RFC 6962 leaf hash, 32 bytes.</param>
/// <param name="Record">The record; an <see cref="UnknownRecord"/> when this program cannot read it.</param>
/// <param name="Canonical">The canonical bytes (RFC 8785) that are hashed.</param>
public sealed record LogEntry(long Sequence, long Epoch, long LeafIndex, ReadOnlyMemory<byte> LeafHash, AuditRecord Record, ReadOnlyMemory<byte> Canonical);
