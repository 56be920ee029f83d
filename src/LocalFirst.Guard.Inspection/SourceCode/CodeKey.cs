using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace LocalFirst.Guard.Inspection.SourceCode;

/// <summary>
/// The key of the fingerprints. Without it an index is noise; with it one can only test guesses, so it lies in a file of its own that its owner
/// alone reads. The hash is SipHash-1-3 (Aumasson, Bernstein: SipHash: a fast short-input PRF, 2012) of the 64-bit k-gram.
/// </summary>
internal sealed class CodeKey
{
    /// <summary>Bytes of a key.</summary>
    public const int Length = 16;

    private readonly ulong _k0;
    private readonly ulong _k1;

    public CodeKey(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, Length);
        _k0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        _k1 = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]);
        Seed = Hash(0x746F6B656E2D7631);
        Id = Hash(0x6B65792D69642D31);
    }

    /// <summary>Where the hash of every token begins.</summary>
    public ulong Seed { get; }

    /// <summary>Tells which key an index was made with; says nothing of the key.</summary>
    public ulong Id { get; }

    /// <summary>Reads a key.</summary>
    /// <param name="path">Its file.</param>
    /// <exception cref="CodeIndexException">The file is not there, cannot be read or holds no key.</exception>
    public static CodeKey Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CodeIndexException($"The key of the code index, {path}, cannot be read ({e.GetType().Name}).", "Build the index anew with `guard code index PATH…`; it makes a key of its own.");
        }

        if (bytes.Length != Length)
        {
            throw new CodeIndexException($"The key of the code index, {path}, holds {bytes.Length} bytes instead of {Length}.", "Remove that file and build the index anew with `guard code index PATH…`.");
        }

        var key = new CodeKey(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        return key;
    }

    /// <summary>Reads the key, or makes one that its owner alone can read.</summary>
    /// <exception cref="CodeIndexException">It can be neither read nor made.</exception>
    public static CodeKey ReadOrCreate(string path)
    {
        if (File.Exists(path))
        {
            return Read(path);
        }

        var bytes = RandomNumberGenerator.GetBytes(Length);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var stream = new FileStream(path, options);
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process made it first: that one counts.
            return Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CodeIndexException($"The key of the code index, {path}, cannot be made ({e.GetType().Name}).", "Name a home folder that you can write with --home DIR.");
        }

        return new CodeKey(bytes);
    }

    /// <summary>SipHash-1-3 of one 64-bit word.</summary>
    public ulong Hash(ulong message)
    {
        var v0 = _k0 ^ 0x736F6D6570736575;
        var v1 = _k1 ^ 0x646F72616E646F6D;
        var v2 = _k0 ^ 0x6C7967656E657261;
        var v3 = _k1 ^ 0x7465646279746573 ^ message;
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= message;

        // The last block holds the message's length, 8 bytes, alone.
        const ulong Tail = 8UL << 56;
        v3 ^= Tail;
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= Tail;
        v2 ^= 0xFF;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
