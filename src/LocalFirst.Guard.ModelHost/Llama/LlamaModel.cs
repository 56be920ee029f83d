using System.Text;
using LocalFirst.Guard.ModelHost.Gguf;

namespace LocalFirst.Guard.ModelHost.Llama;

/// <summary>A loaded model with its one context. Only the engine's thread decodes; tokenising is safe from any thread.</summary>
internal sealed unsafe class LlamaModel : IDisposable
{
    /// <summary>Tokens of a prefill step: small enough that a cancelled request is noticed soon, large enough to keep the cores busy.</summary>
    public const int PrefillChunk = 512;

    /// <summary>Memory that the cache of keys and values may take where the operator names no context size.</summary>
    private const long DefaultCacheBytes = 2L << 30;

    /// <summary>Largest context chosen without the operator's word.</summary>
    private const long DefaultContextLimit = 131_072;

    private readonly LlamaLibrary _library;
    private readonly nint _model;
    private readonly nint _context;
    private readonly nint _vocab;
    private readonly nint _memory;

    private LlamaModel(LlamaLibrary library, nint model, nint context)
    {
        _library = library;
        _model = model;
        _context = context;
        _vocab = library.GetVocab(model);
        _memory = library.GetMemory(context);
        VocabSize = library.VocabSize(_vocab);
        ContextSize = (int)library.ContextSize(context);
        AddBos = library.AddBos(_vocab) != 0;
        BosToken = library.Bos(_vocab);
    }

    /// <summary>Tokens in the vocabulary.</summary>
    public int VocabSize { get; }

    /// <summary>Tokens that prompt and answer may have together.</summary>
    public int ContextSize { get; }

    /// <summary>Whether prompts begin with <see cref="BosToken"/>.</summary>
    public bool AddBos { get; }

    /// <summary>The token that begins a text, or -1.</summary>
    public int BosToken { get; }

    /// <summary>Loads a checked file.</summary>
    /// <param name="library">The library.</param>
    /// <param name="path">The file.</param>
    /// <param name="header">Its header, already checked.</param>
    /// <param name="contextSize">Context in tokens; 0 chooses by the model and by memory.</param>
    /// <param name="threads">Threads; 0 leaves one core to everything else, because ggml spins while it waits.</param>
    /// <exception cref="LlamaException">llama.cpp refuses the file, or memory does not suffice.</exception>
    public static LlamaModel Load(LlamaLibrary library, string path, GgufHeader header, int contextSize, int threads)
    {
        var modelParams = library.DefaultModelParams();
        modelParams.GpuLayers = library.IsGpu ? 999 : 0;
        nint model;
        fixed (byte* file = LlamaLibrary.Utf8(path))
        {
            model = library.LoadModel(file, modelParams);
        }

        if (model == 0)
        {
            throw new LlamaException($"llama.cpp refuses the model ({NativeLog.LastError ?? "no reason given"}). Add another GGUF file.");
        }

        var contextParams = library.DefaultContextParams();
        contextParams.Context = (uint)(contextSize > 0 ? contextSize : ChooseContext(header, library.ContextTrained(model)));
        contextParams.Batch = PrefillChunk;
        contextParams.MicroBatch = PrefillChunk;
        contextParams.Sequences = 1;
        contextParams.Threads = threads > 0 ? threads : Math.Max(1, Environment.ProcessorCount - 1);
        contextParams.BatchThreads = contextParams.Threads;
        contextParams.NoPerf = 1;

        // Automatic flash attention: a prompt of 19 thousand tokens on one core took 1.2 s with it and 3.0 s without (demo model, x64), and agents'
        // prompts are long. A trained model with tiny heads decodes faster without it.
        contextParams.FlashAttention = -1;
        var context = library.NewContext(model, contextParams);
        if (context == 0)
        {
            library.FreeModel(model);
            throw new LlamaException($"llama.cpp cannot make a context of {contextParams.Context} tokens ({NativeLog.LastError ?? "no reason given"}). Name a smaller context or a smaller model.");
        }

        return new LlamaModel(library, model, context);
    }

    /// <summary>The library's own one-line description, for example <c>llama 7B Q4_K</c>.</summary>
    public string Description
    {
        get
        {
            var buffer = stackalloc byte[256];
            var length = Math.Clamp(_library.ModelDescription(_model, buffer, 256), 0, 255);
            return Encoding.UTF8.GetString(buffer, length);
        }
    }

    /// <summary>Turns text into tokens and appends them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecial">True only for text of the template: a control token written by a user stays plain text.</param>
    /// <param name="into">Receives the tokens.</param>
    public void Tokenize(string text, bool parseSpecial, List<int> into)
    {
        if (text.Length == 0)
        {
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        var tokens = new int[bytes.Length + 8];
        fixed (byte* source = bytes)
        fixed (int* target = tokens)
        {
            var count = _library.Tokenize(_vocab, source, bytes.Length, target, tokens.Length, 0, parseSpecial ? (byte)1 : (byte)0);
            if (count < 0)
            {
                throw new LlamaException("The model's tokenizer produced more tokens than bytes; its vocabulary is unsound. Use another GGUF file.");
            }

            into.AddRange(tokens.AsSpan(0, count));
        }
    }

    /// <summary>The bytes that a token stands for; part of a character at times.</summary>
    /// <param name="token">The token.</param>
    /// <param name="buffer">Receives the bytes.</param>
    /// <returns>Number of bytes.</returns>
    public int Piece(int token, Span<byte> buffer)
    {
        fixed (byte* target = buffer)
        {
            return Math.Max(0, _library.TokenToPiece(_vocab, token, target, buffer.Length, 0, 0));
        }
    }

    /// <summary>Whether a token ends the answer.</summary>
    public bool IsEnd(int token) => _library.IsEndOfGeneration(_vocab, token) != 0;

    /// <summary>Forgets everything from a position on.</summary>
    /// <param name="position">First position to forget; 0 forgets all.</param>
    /// <returns>False where the model's memory cannot be cut (hybrid and recurrent models); it is then empty.</returns>
    public bool KeepUntil(int position)
    {
        if (position > 0 && _library.RemoveSequence(_memory, 0, position, -1) != 0)
        {
            return true;
        }

        _library.ClearMemory(_memory, 1);
        return position == 0;
    }

    /// <summary>Computes a run of tokens.</summary>
    /// <param name="tokens">One to <see cref="PrefillChunk"/> tokens.</param>
    /// <param name="position">Position of the first.</param>
    /// <param name="wantLogits">Whether the scores after the last one are needed.</param>
    /// <exception cref="LlamaException">The context is full, or the computation failed.</exception>
    public void Decode(ReadOnlySpan<int> tokens, int position, bool wantLogits)
    {
        // A bad count or position is an assertion in the library, which would end the process.
        if (tokens.Length is < 1 or > PrefillChunk || position < 0 || position + tokens.Length > ContextSize)
        {
            throw new LlamaException("The context is full.");
        }

        var positions = stackalloc int[PrefillChunk];
        var counts = stackalloc int[PrefillChunk];
        var ids = stackalloc int*[PrefillChunk];
        var logits = stackalloc sbyte[PrefillChunk];
        var sequence = 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            positions[i] = position + i;
            counts[i] = 1;
            ids[i] = &sequence;
            logits[i] = (sbyte)(wantLogits && i == tokens.Length - 1 ? 1 : 0);
        }

        fixed (int* source = tokens)
        {
            var batch = new Batch { Count = tokens.Length, Tokens = source, Positions = positions, SequenceCounts = counts, SequenceIds = ids, Logits = logits };
            var result = _library.Decode(_context, batch);
            if (result != 0)
            {
                throw new LlamaException(result == 1 ? "The context is full." : $"llama.cpp could not compute a step (code {result}).");
            }
        }
    }

    /// <summary>Scores of the next token, one a vocabulary entry; valid until the next <see cref="Decode"/>.</summary>
    public Span<float> Logits()
    {
        var logits = _library.Logits(_context, -1);
        return logits is null ? throw new LlamaException("llama.cpp returned no scores.") : new Span<float>(logits, VocabSize);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _library.FreeContext(_context);
        _library.FreeModel(_model);
    }

    // Keys and values are 16-bit floats: 2 × layers × heads × head size × 2 bytes a token.
    private static long ChooseContext(GgufHeader header, int trained)
    {
        var arch = header.Architecture;
        var layers = header.Number($"{arch}.block_count") ?? 32;
        var heads = header.Number($"{arch}.attention.head_count") ?? 32;
        var kvHeads = header.Number($"{arch}.attention.head_count_kv") ?? heads;
        var embedding = header.Number($"{arch}.embedding_length") ?? 4096;
        var headSize = header.Number($"{arch}.attention.key_length") ?? Math.Max(1, embedding / Math.Max(1, heads));
        var bytesPerToken = Math.Max(1.0, 4.0 * layers * kvHeads * headSize);
        var affordable = (long)(DefaultCacheBytes / bytesPerToken) / 256 * 256;
        return Math.Clamp(Math.Min(trained > 0 ? trained : 4096, affordable), 512, DefaultContextLimit);
    }
}
