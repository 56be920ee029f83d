using System.Runtime.CompilerServices;

namespace LocalFirst.Guard.ModelHost.Llama;

/// <summary>
/// Proof that the structures here are those of the loaded library: its own defaults, read through our offsets, must be the known values. A
/// library of another layout would otherwise read and write beside the fields.
/// </summary>
internal static class LlamaLayout
{
    // The releases that the pinned npm packages hold: v0.5.0 on Linux, v0.4.0 on Windows and macOS. The layout of v0.4.0 was seen equal on Linux
    // only, so there too the canary decides, not the number.
    private static readonly string[] KnownVersions = ["0.5.0", "0.4.0"];

    /// <summary>Checks version and defaults.</summary>
    /// <param name="version">What <c>llama_version</c> says, for example <c>0.5.0-dev</c>.</param>
    /// <param name="model">Default model parameters, by the library.</param>
    /// <param name="context">Default context parameters, by the library.</param>
    /// <exception cref="LlamaException">Unknown version or another layout.</exception>
    public static void Check(string version, in ModelParams model, in ContextParams context)
    {
        if (!KnownVersions.Any(known => version.StartsWith(known, StringComparison.Ordinal)))
        {
            throw new LlamaException($"The llama.cpp natives are version {version}, which this build has not been checked against. Use the natives that it was built with (0.5.0).");
        }

        (string Field, double Expected, double Actual)[] canaries =
        [
            ("n_ctx", 512, context.Context),
            ("n_batch", 2048, context.Batch),
            ("n_ubatch", 512, context.MicroBatch),
            ("n_seq_max", 1, context.Sequences),
            ("n_threads", 4, context.Threads),
            ("n_threads_batch", 4, context.BatchThreads),
            ("flash_attn_type", -1, context.FlashAttention),
            ("defrag_thold", -1, context.DefragThreshold),
            ("type_k", 1, context.KeyType),
            ("type_v", 1, context.ValueType),
            ("embeddings", 0, context.Embeddings),
            ("offload_kqv", 1, context.OffloadKqv),
            ("op_offload", 1, context.OpOffload),
            ("swa_full", 1, context.SwaFull),
            ("kv_unified", 0, context.KvUnified),
            ("n_gpu_layers", -1, model.GpuLayers),
            ("split_mode", 1, model.SplitMode),
            ("load_mode", -1, model.LoadMode),
            ("lazy_mode", 1, model.LazyMode),
            ("main_gpu", 0, model.MainGpu),
            ("vocab_only", 0, model.VocabOnly),
        ];
        foreach (var (field, expected, actual) in canaries)
        {
            if (expected != actual)
            {
                throw new LlamaException($"The llama.cpp natives ({version}) have another structure layout than this build: {field} reads {actual}, not {expected}. Use the natives that it was built with.");
            }
        }
    }

    /// <summary>Sizes of the structures in bytes, for the test that pins them.</summary>
    public static (int Model, int Context, int Batch) Sizes => (Unsafe.SizeOf<ModelParams>(), Unsafe.SizeOf<ContextParams>(), Unsafe.SizeOf<Batch>());
}
