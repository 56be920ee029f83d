using System.Security.Cryptography;

namespace LocalFirst.Guard.Tests.Reports;

/// <summary>RFC 9162 §2.1.3.2, written for the tests alone: a report must verify with code that is not the product's.</summary>
internal static class OfflineProof
{
    /// <summary>The root that a proof leads to.</summary>
    public static byte[] Root(byte[] leaf, long index, long size, IReadOnlyList<byte[]> proof)
    {
        var (node, last, hash) = (index, size - 1, leaf);
        foreach (var sibling in proof)
        {
            if (last == 0)
            {
                return [];
            }

            if ((node & 1) == 1 || node == last)
            {
                hash = SHA256.HashData([1, .. sibling, .. hash]);
                while ((node & 1) == 0 && node != 0)
                {
                    (node, last) = (node >> 1, last >> 1);
                }
            }
            else
            {
                hash = SHA256.HashData([1, .. hash, .. sibling]);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 ? hash : [];
    }
}
