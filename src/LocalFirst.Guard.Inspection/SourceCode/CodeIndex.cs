using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace LocalFirst.Guard.Inspection.SourceCode;

/// <summary>A file that was indexed.</summary>
/// <param name="Repository">Name of the folder that was indexed.</param>
/// <param name="Path">Path below it, with <c>/</c>.</param>
/// <param name="Lines">Lines.</param>
internal sealed record IndexedFile(string Repository, string Path, int Lines);

/// <summary>One fingerprint of one file.</summary>
/// <param name="Hash">The keyed hash.</param>
/// <param name="File">Number of the file.</param>
/// <param name="Line">Line where its k-gram begins, from 1.</param>
/// <param name="Points">1…3: how telling it is.</param>
internal readonly record struct CodeFingerprint(ulong Hash, int File, int Line, byte Points);

/// <summary>
/// The fingerprints of the company's code, read-only, in memory. The file is little-endian:
/// <code>
/// offset size
///      0    8  magic "LFGCODE" 0x1A
///      8    4  format version, 1
///     12    4  tokenizer version
///     16   16  k and w of stream E, k and w of stream A (4 bytes each)
///     32    8  key id
///     40    8  time of the build, seconds since 1970-01-01 UTC
///     48    4  files
///     52    4  fingerprints in stream E
///     56    4  fingerprints in stream A
///     60    4  bytes of the file table
///     64   32  SHA-256 of all other bytes of this file
///     96       file table: repository and path (each: length in bytes, 4; UTF-8), lines (4)
///              stream E, then stream A: hashes (8 each, rising), file numbers (4 each), lines (4 each), points (1 each)
/// </code>
/// No source text is in it. Anything unexpected, down to a flipped bit, is an error: a broken index must not pass for an empty one.
/// </summary>
internal sealed class CodeIndex
{
    /// <summary>Version of the file format.</summary>
    public const int FormatVersion = 1;

    /// <summary>Files that one fingerprint is kept for at most; beyond it says nothing about its origin.</summary>
    public const int MaxPostings = 8;

    private const int HeaderLength = 96;
    private const int HashOffset = 64;
    private const int EntryLength = 8 + 4 + 4 + 1;

    private static readonly byte[] Magic = [(byte)'L', (byte)'F', (byte)'G', (byte)'C', (byte)'O', (byte)'D', (byte)'E', 0x1A];

    private CodeIndex(CodeKey key, IReadOnlyList<IndexedFile> files, Table exact, Table abstracted, DateTimeOffset builtAt)
    {
        Key = key;
        Files = files;
        Exact = exact;
        Abstracted = abstracted;
        BuiltAt = builtAt;
    }

    public CodeKey Key { get; }

    public IReadOnlyList<IndexedFile> Files { get; }

    /// <summary>Stream E.</summary>
    public Table Exact { get; }

    /// <summary>Stream A.</summary>
    public Table Abstracted { get; }

    public DateTimeOffset BuiltAt { get; }

    /// <summary>Reads an index.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="key">The key that it was made with.</param>
    /// <exception cref="CodeIndexException">It is missing, truncated, corrupt, of another version or of another key.</exception>
    public static CodeIndex Open(string path, CodeKey key)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CodeIndexException($"The code index {path} cannot be read ({e.GetType().Name}).", "Check that the file is there and yours, or build it with `guard code index PATH…`.");
        }

        return Read(bytes, path, key);
    }

    /// <summary>Makes an index from fingerprints, as it would read from a file.</summary>
    public static CodeIndex Create(CodeKey key, IReadOnlyList<IndexedFile> files, IReadOnlyList<CodeFingerprint> exact, IReadOnlyList<CodeFingerprint> abstracted, DateTimeOffset builtAt) =>
        new(key, files, Table.From(exact), Table.From(abstracted), builtAt);

    /// <summary>Writes the index beside its place and moves it there: a reader sees the old one or the new one, never a part.</summary>
    /// <exception cref="CodeIndexException">It cannot be written.</exception>
    public void Write(string path)
    {
        var bytes = ToBytes();
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new CodeIndexException($"The code index {path} cannot be written ({e.GetType().Name}).", "Make room on the disk, or name a home folder that you can write with --home DIR.");
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one worth telling.
        }
    }

    private byte[] ToBytes()
    {
        using var table = new MemoryStream();
        using (var writer = new BinaryWriter(table, Encoding.UTF8, leaveOpen: true))
        {
            foreach (var file in Files)
            {
                WriteString(writer, file.Repository);
                WriteString(writer, file.Path);
                writer.Write(file.Lines);
            }
        }

        var length = HeaderLength + table.Length + ((long)EntryLength * (Exact.Count + Abstracted.Count));
        if (length > Array.MaxLength)
        {
            throw new CodeIndexException("The code index would be larger than 2 GB.", "Index fewer repositories.");
        }

        var bytes = new byte[length];
        var span = bytes.AsSpan();
        Magic.CopyTo(span);
        ReadOnlySpan<int> numbers =
        [
            FormatVersion, CodeTokenizer.Version, CodeStream.Exact.Gram, CodeStream.Exact.Window, CodeStream.Abstracted.Gram, CodeStream.Abstracted.Window,
        ];
        for (var i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(span[(8 + (4 * i))..], numbers[i]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(span[32..], Key.Id);
        BinaryPrimitives.WriteInt64LittleEndian(span[40..], BuiltAt.ToUnixTimeSeconds());
        BinaryPrimitives.WriteInt32LittleEndian(span[48..], Files.Count);
        BinaryPrimitives.WriteInt32LittleEndian(span[52..], Exact.Count);
        BinaryPrimitives.WriteInt32LittleEndian(span[56..], Abstracted.Count);
        BinaryPrimitives.WriteInt32LittleEndian(span[60..], (int)table.Length);
        table.GetBuffer().AsSpan(0, (int)table.Length).CopyTo(span[HeaderLength..]);
        var rest = Exact.WriteTo(span[(HeaderLength + (int)table.Length)..]);
        Abstracted.WriteTo(rest);
        Digest(bytes).CopyTo(span[HashOffset..]);
        return bytes;
    }

    private static CodeIndex Read(byte[] bytes, string path, CodeKey key)
    {
        CodeIndexException Broken(string what) => new($"The code index {path} {what}.", "Build it anew with `guard code index PATH…`. Until then nothing is cleared against it.");

        // 1. The header, each field before it is used.
        var span = bytes.AsSpan();
        if (span.Length < HeaderLength)
        {
            throw Broken($"is cut off: {span.Length} bytes, where its header alone has {HeaderLength}");
        }

        if (!span[..8].SequenceEqual(Magic))
        {
            throw Broken("does not begin like a code index");
        }

        var version = BinaryPrimitives.ReadInt32LittleEndian(span[8..]);
        if (version != FormatVersion)
        {
            throw Broken($"is of format {version}, and this build reads format {FormatVersion}");
        }

        // 2. The digest: after it nothing can be wrong but by a fault of the builder.
        if (!Digest(bytes).AsSpan().SequenceEqual(span.Slice(HashOffset, 32)))
        {
            throw Broken("is damaged: its SHA-256 does not fit its bytes");
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(span[12..]) != CodeTokenizer.Version
            || BinaryPrimitives.ReadInt32LittleEndian(span[16..]) != CodeStream.Exact.Gram
            || BinaryPrimitives.ReadInt32LittleEndian(span[20..]) != CodeStream.Exact.Window
            || BinaryPrimitives.ReadInt32LittleEndian(span[24..]) != CodeStream.Abstracted.Gram
            || BinaryPrimitives.ReadInt32LittleEndian(span[28..]) != CodeStream.Abstracted.Window)
        {
            throw Broken("was built by another version of the tokenizer");
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(span[32..]) != key.Id)
        {
            throw Broken("was made with another key than the one in the keys folder");
        }

        // 3. The sizes must add up to the file.
        var files = BinaryPrimitives.ReadInt32LittleEndian(span[48..]);
        var exact = BinaryPrimitives.ReadInt32LittleEndian(span[52..]);
        var abstracted = BinaryPrimitives.ReadInt32LittleEndian(span[56..]);
        var table = BinaryPrimitives.ReadInt32LittleEndian(span[60..]);
        if (files < 0 || exact < 0 || abstracted < 0 || table < 0 || HeaderLength + table + (EntryLength * ((long)exact + abstracted)) != span.Length)
        {
            throw Broken("names sizes that do not add up to its length");
        }

        try
        {
            var builtAt = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64LittleEndian(span[40..]));
            var names = ReadFiles(span.Slice(HeaderLength, table), files);
            var exactTable = Table.Read(span[(HeaderLength + table)..], exact, files);
            var abstractTable = Table.Read(span[(HeaderLength + table + (EntryLength * exact))..], abstracted, files);
            return new CodeIndex(key, names, exactTable, abstractTable, builtAt);
        }
        catch (Exception e) when (e is ArgumentException or InvalidDataException)
        {
            throw Broken("holds entries that contradict each other");
        }
    }

    private static List<IndexedFile> ReadFiles(ReadOnlySpan<byte> table, int count)
    {
        var files = new List<IndexedFile>(Math.Min(count, table.Length / 12));
        for (var i = 0; i < count; i++)
        {
            var repository = ReadString(ref table);
            var path = ReadString(ref table);
            files.Add(new IndexedFile(repository, path, BinaryPrimitives.ReadInt32LittleEndian(table)));
            table = table[4..];
        }

        return table.IsEmpty ? files : throw new InvalidDataException();
    }

    private static void WriteString(BinaryWriter writer, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static string ReadString(ref ReadOnlySpan<byte> table)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(table);
        var value = Encoding.UTF8.GetString(table.Slice(4, length));
        table = table[(4 + length)..];
        return value;
    }

    private static byte[] Digest(ReadOnlySpan<byte> bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(bytes[..HashOffset]);
        hash.AppendData(bytes[HeaderLength..]);
        return hash.GetHashAndReset();
    }

    /// <summary>The fingerprints of one stream, by rising hash.</summary>
    internal sealed class Table
    {
        private readonly ulong[] _hashes;
        private readonly int[] _files;
        private readonly int[] _lines;
        private readonly byte[] _points;

        /// <summary>Where the hashes of each prefix begin: a look-up touches this, then one place in the hashes.</summary>
        private readonly int[] _buckets;
        private readonly int _shift;

        private Table(ulong[] hashes, int[] files, int[] lines, byte[] points)
        {
            _hashes = hashes;
            _files = files;
            _lines = lines;
            _points = points;

            var bits = Math.Clamp((int)Math.Ceiling(Math.Log2(hashes.Length + 1)), 1, 26);
            _shift = 64 - bits;
            _buckets = new int[(1 << bits) + 1];
            var at = 0;
            for (var bucket = 0; bucket < _buckets.Length - 1; bucket++)
            {
                _buckets[bucket] = at;
                while (at < hashes.Length && hashes[at] >> _shift == (ulong)bucket)
                {
                    at++;
                }
            }

            _buckets[^1] = hashes.Length;
        }

        public int Count => _hashes.Length;

        public static Table From(IReadOnlyList<CodeFingerprint> fingerprints)
        {
            var sorted = fingerprints.ToArray();
            Array.Sort(sorted, static (a, b) => a.Hash != b.Hash ? a.Hash.CompareTo(b.Hash) : a.File != b.File ? a.File.CompareTo(b.File) : a.Line.CompareTo(b.Line));
            return new Table([.. sorted.Select(f => f.Hash)], [.. sorted.Select(f => f.File)], [.. sorted.Select(f => f.Line)], [.. sorted.Select(f => f.Points)]);
        }

        public static Table Read(ReadOnlySpan<byte> bytes, int count, int files)
        {
            var hashes = new ulong[count];
            var fileNumbers = new int[count];
            var lines = new int[count];
            Copy(bytes, hashes.AsSpan(), BinaryPrimitives.ReverseEndianness);
            Copy(bytes[(8 * count)..], fileNumbers.AsSpan(), BinaryPrimitives.ReverseEndianness);
            Copy(bytes[(12 * count)..], lines.AsSpan(), BinaryPrimitives.ReverseEndianness);
            var points = bytes.Slice(16 * count, count).ToArray();
            for (var i = 0; i < count; i++)
            {
                if ((uint)fileNumbers[i] >= (uint)files || points[i] is 0 or > 3 || (i > 0 && hashes[i] < hashes[i - 1]))
                {
                    throw new InvalidDataException();
                }
            }

            return new Table(hashes, fileNumbers, lines, points);
        }

        /// <summary>The entries of a hash: a range, empty when it is not there.</summary>
        public Range Find(ulong hash)
        {
            var bucket = (int)(hash >> _shift);
            var at = _buckets[bucket];
            var end = _buckets[bucket + 1];
            while (at < end && _hashes[at] < hash)
            {
                at++;
            }

            var first = at;
            while (at < end && _hashes[at] == hash)
            {
                at++;
            }

            return first..at;
        }

        public CodeFingerprint this[int index] => new(_hashes[index], _files[index], _lines[index], _points[index]);

        public Span<byte> WriteTo(Span<byte> bytes)
        {
            for (var i = 0; i < Count; i++)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(bytes[(8 * i)..], _hashes[i]);
                BinaryPrimitives.WriteInt32LittleEndian(bytes[((8 * Count) + (4 * i))..], _files[i]);
                BinaryPrimitives.WriteInt32LittleEndian(bytes[((12 * Count) + (4 * i))..], _lines[i]);
                bytes[(16 * Count) + i] = _points[i];
            }

            return bytes[(EntryLength * Count)..];
        }

        private static void Copy<T>(ReadOnlySpan<byte> bytes, Span<T> values, Func<T, T> reverse)
            where T : unmanaged
        {
            bytes[..MemoryMarshal.AsBytes(values).Length].CopyTo(MemoryMarshal.AsBytes(values));
            if (!BitConverter.IsLittleEndian)
            {
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = reverse(values[i]);
                }
            }
        }
    }
}
