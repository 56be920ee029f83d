using System.Buffers.Binary;
using System.Text;

// Compiled into the broker (`guard model add`) and into the confined child (before the native loader reads the file): two processes, one source.
#if MODEL_HOST
namespace LocalFirst.Guard.ModelHost.Gguf;
#else
namespace LocalFirst.Guard.LocalModels.Gguf;
#endif

/// <summary>One tensor's place in a GGUF file.</summary>
/// <param name="Name">Name, at most 64 bytes.</param>
/// <param name="Dimensions">Sizes, one to four, each at least 1.</param>
/// <param name="Type">Number of the ggml type.</param>
/// <param name="Offset">Bytes from the start of the data section.</param>
internal sealed record GgufTensor(string Name, IReadOnlyList<long> Dimensions, uint Type, long Offset);

/// <summary>
/// The header of a GGUF file (ggml's docs/gguf.md, versions 2 and 3, little-endian), read with every count and length bounded before anything is
/// allocated. The native loader asserts where this reader throws, and an assertion ends its process.
/// </summary>
internal sealed class GgufHeader
{
    /// <summary>Most metadata entries: real files have fewer than a hundred.</summary>
    public const int MaxEntries = 4096;

    /// <summary>Most tensors: the largest mixture-of-experts files hold a few thousand.</summary>
    public const int MaxTensors = 65_536;

    /// <summary>Longest key or tensor name in bytes.</summary>
    public const int MaxNameBytes = 1024;

    /// <summary>Longest string value in bytes: chat templates reach some 20 KB.</summary>
    public const int MaxStringBytes = 4 << 20;

    /// <summary>Most elements of an array: the largest vocabularies have 300 thousand tokens and as many merges.</summary>
    public const int MaxArrayLength = 4 << 20;

    /// <summary>Most bytes of metadata altogether.</summary>
    public const long MaxMetadataBytes = 512L << 20;

    // Bytes and elements of a block for each ggml type (ggml.c, type_traits); null where a type number was removed.
    private static readonly (int Bytes, int Elements)?[] Types =
    [
        (4, 1), (2, 1), (18, 32), (20, 32), null, null, (22, 32), (24, 32), (34, 32), (36, 32),
        (84, 256), (110, 256), (144, 256), (176, 256), (210, 256), (292, 256), (66, 256), (74, 256), (98, 256), (50, 256),
        (18, 32), (110, 256), (82, 256), (136, 256), (1, 1), (2, 1), (4, 1), (8, 1), (8, 1), (56, 256),
        (2, 1), null, null, null, (54, 256), (66, 256), null, null, null, (17, 32),
        (36, 64), (18, 128), (18, 64),
    ];

    private GgufHeader(IReadOnlyDictionary<string, object> metadata, IReadOnlyList<GgufTensor> tensors, long dataOffset)
    {
        Metadata = metadata;
        Tensors = tensors;
        DataOffset = dataOffset;
    }

    /// <summary>
    /// Metadata by key: <see cref="long"/>, <see cref="ulong"/>, <see cref="double"/>, <see cref="bool"/>, <see cref="string"/>, or
    /// <see cref="GgufArray"/> for arrays, whose elements are checked and not kept.
    /// </summary>
    public IReadOnlyDictionary<string, object> Metadata { get; }

    /// <summary>The tensors in file order.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>First byte of the data section.</summary>
    public long DataOffset { get; }

    /// <summary>Architecture, for example <c>llama</c>.</summary>
    public string Architecture => Text("general.architecture") ?? "unknown";

    /// <summary>Reads and checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GgufException">The file is missing, truncated, or not a sound GGUF.</exception>
    public static GgufHeader Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            return Read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GgufException($"the file cannot be read ({e.GetType().Name})");
        }
    }

    /// <summary>Reads and checks a seekable stream from its start.</summary>
    /// <param name="stream">The stream.</param>
    /// <exception cref="GgufException">Truncated, or not a sound GGUF.</exception>
    public static GgufHeader Read(Stream stream)
    {
        var reader = new Reader(stream);
        if (reader.U32() != 0x46554747)
        {
            throw new GgufException("it does not start with the magic GGUF");
        }

        var version = reader.U32();
        if (version is not (2 or 3))
        {
            throw new GgufException($"its version {version} is not 2 or 3 (a big-endian file reads as a huge number)");
        }

        var tensorCount = reader.Count(MaxTensors, "tensors");
        var entryCount = reader.Count(MaxEntries, "metadata entries");
        var metadata = new Dictionary<string, object>(entryCount, StringComparer.Ordinal);
        for (var i = 0; i < entryCount; i++)
        {
            var key = reader.String(MaxNameBytes);
            if (!metadata.TryAdd(key, reader.Value(reader.U32())))
            {
                throw new GgufException("a metadata key occurs twice");
            }
        }

        var tensors = new List<GgufTensor>(Math.Min(tensorCount, 4096));
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < tensorCount; i++)
        {
            var tensor = reader.Tensor();
            if (!names.Add(tensor.Name))
            {
                throw new GgufException("a tensor's name occurs twice");
            }

            tensors.Add(tensor);
        }

        if (tensors.Count == 0)
        {
            throw new GgufException("it holds no tensors (a vocabulary alone cannot answer)");
        }

        var alignment = Alignment(metadata);
        var dataOffset = (reader.Position + alignment - 1) / alignment * alignment;
        var header = new GgufHeader(metadata, tensors, dataOffset);
        header.CheckData(stream.Length - dataOffset, alignment);
        return header;
    }

    /// <summary>A string of the metadata, or null.</summary>
    public string? Text(string key) => Metadata.TryGetValue(key, out var value) ? value as string : null;

    /// <summary>A non-negative whole number of the metadata, or null.</summary>
    public long? Number(string key) => Metadata.TryGetValue(key, out var value)
        ? value switch
        {
            long n when n >= 0 => n,
            ulong n when n <= long.MaxValue => (long)n,
            _ => null,
        }
        : null;

    private static long Alignment(Dictionary<string, object> metadata)
    {
        if (!metadata.TryGetValue("general.alignment", out var value))
        {
            return 32;
        }

        return value is ulong n and >= 8 and <= 65_536 && (n & (n - 1)) == 0
            ? (long)n
            : throw new GgufException("its alignment is not a power of two from 8 to 65536");
    }

    private void CheckData(long available, long alignment)
    {
        foreach (var tensor in Tensors)
        {
            var bytes = BytesOf(tensor);
            if (tensor.Offset % alignment != 0)
            {
                throw new GgufException("a tensor does not start on the alignment");
            }

            if (available < 0 || tensor.Offset > available || bytes > available - tensor.Offset)
            {
                throw new GgufException("a tensor reaches beyond the end of the file: the file is truncated or damaged");
            }
        }
    }

    private static long BytesOf(GgufTensor tensor)
    {
        if (tensor.Type >= Types.Length || Types[tensor.Type] is not { } type)
        {
            throw new GgufException($"a tensor has the unknown type {tensor.Type}");
        }

        if (tensor.Dimensions[0] % type.Elements != 0)
        {
            throw new GgufException("a tensor's row is not a whole number of blocks");
        }

        try
        {
            var elements = tensor.Dimensions.Aggregate(1L, (product, size) => checked(product * size));
            return checked(elements / type.Elements * type.Bytes);
        }
        catch (OverflowException)
        {
            throw new GgufException("a tensor's size overflows");
        }
    }

    /// <summary>Bounded little-endian reads; the end of the stream is an error wherever it comes.</summary>
    private sealed class Reader(Stream stream)
    {
        private readonly byte[] _buffer = new byte[8];

        public long Position { get; private set; }

        public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Fill(4));

        public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Fill(8));

        public int Count(int max, string what)
        {
            var count = U64();
            return count <= (ulong)max ? (int)count : throw new GgufException($"it claims {count} {what}; at most {max} are accepted");
        }

        public string String(int maxBytes)
        {
            var length = Length(maxBytes);
            var bytes = new byte[length];
            Exactly(bytes);
            return Encoding.UTF8.GetString(bytes);
        }

        public object Value(uint type) => type switch
        {
            0 => (ulong)Fill(1)[0],
            1 => (long)(sbyte)Fill(1)[0],
            2 => (ulong)BinaryPrimitives.ReadUInt16LittleEndian(Fill(2)),
            3 => (long)BinaryPrimitives.ReadInt16LittleEndian(Fill(2)),
            4 => (ulong)U32(),
            5 => (long)BinaryPrimitives.ReadInt32LittleEndian(Fill(4)),
            6 => (double)BinaryPrimitives.ReadSingleLittleEndian(Fill(4)),
            7 => Fill(1)[0] != 0,
            8 => String(MaxStringBytes),
            9 => Array(),
            10 => U64(),
            11 => BinaryPrimitives.ReadInt64LittleEndian(Fill(8)),
            12 => BinaryPrimitives.ReadDoubleLittleEndian(Fill(8)),
            _ => throw new GgufException($"a metadata value has the unknown type {type}"),
        };

        public GgufTensor Tensor()
        {
            var name = String(64);
            var rank = U32();
            if (rank is < 1 or > 4)
            {
                throw new GgufException($"a tensor has {rank} dimensions; 1 to 4 are accepted");
            }

            var dimensions = new long[rank];
            for (var i = 0; i < rank; i++)
            {
                var size = U64();
                dimensions[i] = size is >= 1 and <= int.MaxValue ? (long)size : throw new GgufException("a tensor's dimension is out of range");
            }

            var type = U32();
            var offset = U64();
            return offset <= long.MaxValue ? new GgufTensor(name, dimensions, type, (long)offset) : throw new GgufException("a tensor's offset is out of range");
        }

        private GgufArray Array()
        {
            var type = U32();
            var count = Count(MaxArrayLength, "array elements");
            var size = type switch
            {
                0 or 1 or 7 => 1,
                2 or 3 => 2,
                4 or 5 or 6 => 4,
                10 or 11 or 12 => 8,
                8 => 0,

                // Arrays of arrays exist in no model, and nesting is how a small file becomes deep recursion.
                _ => throw new GgufException($"an array has elements of the unaccepted type {type}"),
            };
            if (size > 0)
            {
                Skip((long)count * size);
                return new GgufArray(type, count);
            }

            for (var i = 0; i < count; i++)
            {
                Skip(Length(MaxStringBytes));
            }

            return new GgufArray(type, count);
        }

        private int Length(int max)
        {
            var length = U64();
            return length <= (ulong)max && (long)length <= stream.Length - Position
                ? (int)length
                : throw new GgufException("a string is longer than its bound or than the file");
        }

        private void Skip(long count)
        {
            if (count > stream.Length - Position)
            {
                throw new GgufException("the file ends inside its header");
            }

            Advance(count);
            stream.Seek(count, SeekOrigin.Current);
        }

        private ReadOnlySpan<byte> Fill(int count)
        {
            var span = _buffer.AsSpan(0, count);
            Exactly(span);
            return span;
        }

        private void Exactly(Span<byte> into)
        {
            Advance(into.Length);
            if (stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false) < into.Length)
            {
                throw new GgufException("the file ends inside its header");
            }
        }

        private void Advance(long count)
        {
            Position += count;
            if (Position > MaxMetadataBytes)
            {
                throw new GgufException("its metadata is larger than is accepted");
            }
        }
    }
}

/// <summary>An array of the metadata; its elements were checked and not kept.</summary>
/// <param name="ElementType">Number of the GGUF value type.</param>
/// <param name="Count">Number of elements.</param>
internal sealed record GgufArray(uint ElementType, int Count);
