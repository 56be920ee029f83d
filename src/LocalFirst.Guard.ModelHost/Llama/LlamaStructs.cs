using System.Runtime.InteropServices;

namespace LocalFirst.Guard.ModelHost.Llama;

/// <summary><c>llama_model_params</c> of llama.cpp v0.5.0 (include/llama.h): 80 bytes. Booleans are one byte.</summary>
[StructLayout(LayoutKind.Explicit, Size = 80)]
internal struct ModelParams
{
    [FieldOffset(16)]
    public int GpuLayers;

    [FieldOffset(20)]
    public int SplitMode;

    [FieldOffset(24)]
    public int LoadMode;

    [FieldOffset(28)]
    public int LazyMode;

    [FieldOffset(32)]
    public int MainGpu;

    [FieldOffset(72)]
    public byte VocabOnly;

    [FieldOffset(73)]
    public byte CheckTensors;
}

/// <summary><c>llama_context_params</c> of llama.cpp v0.5.0: 160 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 160)]
internal struct ContextParams
{
    [FieldOffset(0)]
    public uint Context;

    [FieldOffset(4)]
    public uint Batch;

    [FieldOffset(8)]
    public uint MicroBatch;

    [FieldOffset(12)]
    public uint Sequences;

    [FieldOffset(28)]
    public int Threads;

    [FieldOffset(32)]
    public int BatchThreads;

    [FieldOffset(52)]
    public int FlashAttention;

    [FieldOffset(84)]
    public float DefragThreshold;

    [FieldOffset(104)]
    public int KeyType;

    [FieldOffset(108)]
    public int ValueType;

    [FieldOffset(128)]
    public byte Embeddings;

    [FieldOffset(129)]
    public byte OffloadKqv;

    [FieldOffset(130)]
    public byte NoPerf;

    [FieldOffset(131)]
    public byte OpOffload;

    [FieldOffset(132)]
    public byte SwaFull;

    [FieldOffset(133)]
    public byte KvUnified;
}

/// <summary><c>llama_batch</c>: 56 bytes, passed by value; the arrays are ours.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Batch
{
    public int Count;
    public int* Tokens;
    public float* Embeddings;
    public int* Positions;
    public int* SequenceCounts;
    public int** SequenceIds;
    public sbyte* Logits;
}
