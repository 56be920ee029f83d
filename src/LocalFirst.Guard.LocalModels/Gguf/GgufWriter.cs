using System.Buffers.Binary;
using System.Text;

namespace LocalFirst.Guard.LocalModels.Gguf;

/// <summary>Writes a GGUF file of version 3 (ggml's docs/gguf.md): metadata in order, then 32-bit or 16-bit float tensors.</summary>
internal sealed class GgufWriter : IDisposable
{
    private const int Alignment = 32;

    private readonly MemoryStream _metadata = new();
    private readonly List<(string Name, int[] Dimensions, byte[] Data, uint Type)> _tensors = [];
    private ulong _entries;

    /// <inheritdoc/>
    public void Dispose() => _metadata.Dispose();

    /// <summary>Adds a string.</summary>
    public void Add(string key, string value)
    {
        Key(key, 8);
        Write(value);
    }

    /// <summary>Adds an unsigned 32-bit number.</summary>
    public void Add(string key, uint value)
    {
        Key(key, 4);
        Write(value);
    }

    /// <summary>Adds a 32-bit float.</summary>
    public void Add(string key, float value)
    {
        Key(key, 6);
        Write(BitConverter.SingleToUInt32Bits(value));
    }

    /// <summary>Adds a boolean.</summary>
    public void Add(string key, bool value)
    {
        Key(key, 7);
        _metadata.WriteByte(value ? (byte)1 : (byte)0);
    }

    /// <summary>Adds a list of strings.</summary>
    public void Add(string key, IReadOnlyList<string> values)
    {
        Array(key, 8, values.Count);
        foreach (var value in values)
        {
            Write(value);
        }
    }

    /// <summary>Adds a list of 32-bit floats.</summary>
    public void Add(string key, IReadOnlyList<float> values)
    {
        Array(key, 6, values.Count);
        foreach (var value in values)
        {
            Write(BitConverter.SingleToUInt32Bits(value));
        }
    }

    /// <summary>Adds a list of signed 32-bit numbers.</summary>
    public void Add(string key, IReadOnlyList<int> values)
    {
        Array(key, 5, values.Count);
        foreach (var value in values)
        {
            Write((uint)value);
        }
    }

    /// <summary>Adds a tensor of 32-bit floats.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Values, the first dimension fastest.</param>
    /// <param name="dimensions">Sizes, the fastest first.</param>
    public void AddTensor(string name, ReadOnlySpan<float> values, params int[] dimensions)
    {
        var data = new byte[values.Length * 4];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(i * 4), values[i]);
        }

        _tensors.Add((name, dimensions, data, 0));
    }

    /// <summary>Adds a tensor of 16-bit floats.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Values, the first dimension fastest.</param>
    /// <param name="dimensions">Sizes, the fastest first.</param>
    public void AddHalfTensor(string name, ReadOnlySpan<Half> values, params int[] dimensions)
    {
        var data = new byte[values.Length * 2];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(i * 2), values[i]);
        }

        _tensors.Add((name, dimensions, data, 1));
    }

    /// <summary>Writes the file.</summary>
    /// <param name="output">Receives it from its current position, which must be 0.</param>
    public void Save(Stream output)
    {
        var header = new MemoryStream();
        Span<byte> number = stackalloc byte[8];
        header.Write("GGUF"u8);
        U32(header, number, 3);
        U64(header, number, (ulong)_tensors.Count);
        U64(header, number, _entries);
        header.Write(_metadata.GetBuffer().AsSpan(0, (int)_metadata.Length));
        var offset = 0UL;
        foreach (var (name, dimensions, data, type) in _tensors)
        {
            var bytes = Encoding.UTF8.GetBytes(name);
            U64(header, number, (ulong)bytes.Length);
            header.Write(bytes);
            U32(header, number, (uint)dimensions.Length);
            foreach (var size in dimensions)
            {
                U64(header, number, (ulong)size);
            }

            U32(header, number, type);
            U64(header, number, offset);
            offset += (ulong)Padded(data.Length);
        }

        output.Write(header.GetBuffer().AsSpan(0, (int)header.Length));
        Pad(output, header.Length);
        foreach (var (_, _, data, _) in _tensors)
        {
            output.Write(data);
            Pad(output, data.Length);
        }
    }

    private static long Padded(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static void Pad(Stream output, long length) => output.Write(new byte[Padded(length) - length]);

    private static void U32(Stream to, Span<byte> scratch, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(scratch, value);
        to.Write(scratch[..4]);
    }

    private static void U64(Stream to, Span<byte> scratch, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(scratch, value);
        to.Write(scratch);
    }

    private void Key(string key, uint type)
    {
        _entries++;
        Write(key);
        Write(type);
    }

    private void Array(string key, uint type, int count)
    {
        Key(key, 9);
        Write(type);
        Span<byte> scratch = stackalloc byte[8];
        U64(_metadata, scratch, (ulong)count);
    }

    private void Write(uint value)
    {
        Span<byte> scratch = stackalloc byte[8];
        U32(_metadata, scratch, value);
    }

    private void Write(string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        Span<byte> scratch = stackalloc byte[8];
        U64(_metadata, scratch, (ulong)bytes.Length);
        _metadata.Write(bytes);
    }
}
