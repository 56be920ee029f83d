using LocalFirst.Guard.LocalModels.Gguf;

namespace LocalFirst.Guard.LocalModels.DemoModel;

/// <summary>
/// Writes the demo model: a real GGUF of the llama architecture that the real engine loads and decodes, and that can say one sentence only. Its
/// one layer is silent (all zero), so the scores of the next token depend on the last token alone; embedding and output matrices chain the
/// sentence from token to token. It lets a newcomer and the tests see the whole local path without a download.
/// </summary>
public static class DemoModelWriter
{
    /// <summary>Name of the model in the library.</summary>
    public const string Name = "demo";

    /// <summary>What the model answers to everything, to the letter.</summary>
    public const string Answer =
        "This answer was written on this machine by the demo model of LocalFirst.Guard. It is always the same sentence: it proves that your request was answered here and did not leave.";

    /// <summary>Context in tokens: an agent's system prompt of more than 100 KB fits.</summary>
    public const int ContextSize = 65_536;

    // One dimension for each step of the answer, and the first for everything else.
    private const int Embedding = 64;

    // Attention costs the square of the prompt's length: one head keeps 40 thousand tokens affordable. Narrower than a vector register, the fast
    // matrix kernels do not apply.
    private const int HeadSize = 32;

    private const int FeedForward = 32;

    // Scores of the right token are this much times the root of the dimension above all others: 64 against 0, so no temperature up to 2 changes it.
    private const float Certainty = 8;

    private const string Template =
        "{% for message in messages %}<|guard:{{ message['role'] }}|>{{ message['content'] }}<|guard:end|>{% endfor %}<|guard:assistant|>";

    /// <summary>Writes the model where none is, or where the present file differs.</summary>
    /// <param name="modelsFolder">The library's folder.</param>
    /// <returns>Path of the file.</returns>
    /// <exception cref="ExecutorException">The folder cannot be written.</exception>
    public static string EnsureIn(string modelsFolder)
    {
        var path = Path.Combine(modelsFolder, Name + ".gguf");
        try
        {
            var buffer = new MemoryStream();
            Write(buffer, []);
            var content = buffer.GetBuffer().AsSpan(0, (int)buffer.Length);
            if (!File.Exists(path) || new FileInfo(path).Length != content.Length || !content.SequenceEqual(File.ReadAllBytes(path)))
            {
                Directory.CreateDirectory(modelsFolder);
                AtomicFile.Write(path, content);
            }

            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExecutorException($"The demo model cannot be written to {modelsFolder} ({e.GetType().Name}).\n  → Name a home folder that you can write.", e);
        }
    }

    /// <summary>Writes the model.</summary>
    /// <param name="output">Receives the file, some 4 MB.</param>
    /// <param name="texts">Texts whose words the vocabulary learns too, so that they become few tokens. The same texts give the same bytes.</param>
    public static void Write(Stream output, IEnumerable<string> texts)
    {
        var pieces = AnswerPieces();
        var vocabulary = DemoVocabulary.Learn(Resource("demo-model/words.txt"), OwnTexts().Concat(texts), pieces);
        using var file = new GgufWriter();
        Describe(file);
        DescribeTokenizer(file, vocabulary);
        AddTensors(file, vocabulary, pieces);
        file.Save(output);
    }

    // Each piece may occur once in the chain, because a token has one successor: a word that comes again is joined with the next one.
    private static List<string> AnswerPieces()
    {
        var pieces = new List<string>();
        var joined = "";
        foreach (var word in Answer.Split(' '))
        {
            joined += (pieces.Count == 0 && joined.Length == 0 ? "" : PieceLearner.Space) + word;
            if (!pieces.Contains(joined))
            {
                pieces.Add(joined);
                joined = "";
            }
        }

        return joined.Length == 0 && pieces.Count < Embedding
            ? pieces
            : throw new InvalidOperationException("The answer cannot be chained.");
    }

    private static IEnumerable<string> OwnTexts() => typeof(DemoModelWriter).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith("demo-model/texts/", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)
        .Select(Resource);

    private static string Resource(string name)
    {
        using var stream = typeof(DemoModelWriter).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static void Describe(GgufWriter file)
    {
        file.Add("general.architecture", "llama");
        file.Add("general.name", "LocalFirst.Guard demo");
        file.Add("general.description", "Says one fixed sentence; proves that a request was answered on this machine.");
        file.Add("llama.context_length", (uint)ContextSize);
        file.Add("llama.embedding_length", Embedding);
        file.Add("llama.block_count", 1u);
        file.Add("llama.feed_forward_length", FeedForward);
        file.Add("llama.attention.head_count", 1u);
        file.Add("llama.attention.head_count_kv", 1u);
        file.Add("llama.attention.key_length", HeadSize);
        file.Add("llama.attention.value_length", HeadSize);
        file.Add("llama.rope.dimension_count", HeadSize);
        file.Add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    }

    private static void DescribeTokenizer(GgufWriter file, DemoVocabulary vocabulary)
    {
        file.Add("llama.vocab_size", (uint)vocabulary.Tokens.Count);
        file.Add("tokenizer.ggml.model", "llama");
        file.Add("tokenizer.ggml.tokens", vocabulary.Tokens);
        file.Add("tokenizer.ggml.scores", vocabulary.Scores);
        file.Add("tokenizer.ggml.token_type", vocabulary.Types);
        file.Add("tokenizer.ggml.unknown_token_id", 0u);
        file.Add("tokenizer.ggml.bos_token_id", 1u);
        file.Add("tokenizer.ggml.eos_token_id", (uint)DemoVocabulary.EndOfText);
        file.Add("tokenizer.ggml.add_bos_token", true);
        file.Add("tokenizer.ggml.add_space_prefix", false);
        file.Add("tokenizer.chat_template", Template);
    }

    private static void AddTensors(GgufWriter file, DemoVocabulary vocabulary, List<string> pieces)
    {
        var size = vocabulary.Tokens.Count;
        var embedding = new Half[size * Embedding];
        var output = new Half[size * Embedding];
        for (var token = 0; token < size; token++)
        {
            embedding[token * Embedding] = Half.One;
        }

        for (var step = 0; step <= pieces.Count; step++)
        {
            var token = step < pieces.Count ? vocabulary.NumberOf(pieces[step]) : DemoVocabulary.EndOfText;
            output[(token * Embedding) + step] = (Half)Certainty;
            if (step < pieces.Count)
            {
                embedding[token * Embedding] = Half.Zero;
                embedding[(token * Embedding) + step + 1] = Half.One;
            }
        }

        var ones = Enumerable.Repeat(1f, Embedding).ToArray();
        file.AddHalfTensor("token_embd.weight", embedding, Embedding, size);
        file.AddTensor("output_norm.weight", ones, Embedding);
        file.AddHalfTensor("output.weight", output, Embedding, size);
        file.AddTensor("blk.0.attn_norm.weight", ones, Embedding);
        file.AddTensor("blk.0.ffn_norm.weight", ones, Embedding);
        Silent("attn_q", Embedding, HeadSize);
        Silent("attn_k", Embedding, HeadSize);
        Silent("attn_v", Embedding, HeadSize);
        Silent("attn_output", HeadSize, Embedding);
        Silent("ffn_gate", Embedding, FeedForward);
        Silent("ffn_up", Embedding, FeedForward);
        Silent("ffn_down", FeedForward, Embedding);

        void Silent(string name, int columns, int rows) => file.AddTensor($"blk.0.{name}.weight", new float[columns * rows], columns, rows);
    }
}
