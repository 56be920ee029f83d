namespace LocalFirst.Guard.LocalModels.DemoModel;

/// <summary>
/// The demo model's word pieces: control tokens, all bytes, characters, and pieces learned from a list of common words and from given texts, so
/// that an agent's long system prompt fits into the context.
/// </summary>
internal sealed class DemoVocabulary
{
    /// <summary>Pieces learned at most.</summary>
    public const int LearnedPieces = 14_000;

    /// <summary>The token that ends an answer.</summary>
    public const int EndOfText = 2;

    /// <summary>Token types of the GGUF format (gguf.md, tokenizer.ggml.token_type).</summary>
    private const int Normal = 1;
    private const int Unknown = 2;
    private const int Control = 3;
    private const int Byte = 6;

    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _tokens = [];
    private readonly List<float> _scores = [];
    private readonly List<int> _types = [];

    private DemoVocabulary()
    {
    }

    /// <summary>Texts of the tokens.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    /// <summary>Scores: the tokenizer merges the highest first.</summary>
    public IReadOnlyList<float> Scores => _scores;

    /// <summary>Types.</summary>
    public IReadOnlyList<int> Types => _types;

    /// <summary>Learns a vocabulary. The same input gives the same vocabulary.</summary>
    /// <param name="words">Common words, the commonest first, separated by white space.</param>
    /// <param name="texts">Texts whose words are learned too.</param>
    /// <param name="answerPieces">Pieces that must be there: those of the answer.</param>
    public static DemoVocabulary Learn(string words, IEnumerable<string> texts, IEnumerable<string> answerPieces)
    {
        var vocabulary = new DemoVocabulary();
        vocabulary.Add("<unk>", 0, Unknown);
        vocabulary.Add("<s>", 0, Control);
        vocabulary.Add("</s>", 0, Control);
        foreach (var role in (string[])["system", "user", "assistant", "tool", "end"])
        {
            vocabulary.Add($"<|guard:{role}|>", 0, Control);
        }

        for (var value = 0; value < 256; value++)
        {
            vocabulary.Add($"<0x{value:X2}>", 0, Byte);
        }

        for (var c = ' '; c <= '~'; c++)
        {
            vocabulary.Add(c == ' ' ? PieceLearner.Space.ToString() : c.ToString(), -1_000_000, Normal);
        }

        foreach (var c in "\n\t–—…“”‘’•→←≤≥×äöüßéèçñ─│├└✓✗")
        {
            vocabulary.Add(c.ToString(), -1_000_000, Normal);
        }

        var learned = PieceLearner.Learn(Weigh(words, texts), LearnedPieces);
        for (var i = 0; i < learned.Count; i++)
        {
            vocabulary.Add(learned[i], -i, Normal);
        }

        foreach (var piece in answerPieces)
        {
            vocabulary.Add(piece, -2_000_000, Normal);
        }

        return vocabulary;
    }

    /// <summary>The number of a piece.</summary>
    /// <exception cref="KeyNotFoundException">There is no such piece.</exception>
    public int NumberOf(string piece) => _numbers[piece];

    private void Add(string token, float score, int type)
    {
        if (_numbers.TryAdd(token, _tokens.Count))
        {
            _tokens.Add(token);
            _scores.Add(score);
            _types.Add(type);
        }
    }

    // Frequencies of words fall with their rank (Zipf); a word of a given text counts as often as it occurs there.
    private static Dictionary<string, long> Weigh(string words, IEnumerable<string> texts)
    {
        const long Common = 40_000;
        var weights = new Dictionary<string, long>(StringComparer.Ordinal);
        var rank = 0;
        foreach (var word in words.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries))
        {
            rank++;
            var weight = 20 + (Common / (rank + 10));
            var capital = char.ToUpperInvariant(word[0]) + word[1..];
            Count($"{PieceLearner.Space}{word}", weight * 4);
            Count(word, weight);
            Count($"{PieceLearner.Space}{capital}", weight);
            Count(capital, weight / 2);
            foreach (var suffix in (string[])["s", "ed", "ing", "er", "ly"])
            {
                Count($"{PieceLearner.Space}{word}{suffix}", weight / 8);
            }
        }

        // The shape of code and of JSON: indentation, and the punctuation between a name and its value.
        foreach (var run in (string[])["  ", "    ", "        ", "            ", "                ", "\n\n", "\n  ", "\n    ", "\n        ", "\n- ", "\n# ", "\n## ", "```", "\":\"", "\": \"", "\",\"", "\", \"", "\": {", "{\"", "\"}", "},{\"", "\":{\"", "\":[", "],\"", "\\n", "\\\"", "\"\n", "();", ");", "()", "//", "://", "=>", "==", "!=", "--", "...", "**", ". ", ", ", ": ", " (", " \"", " `", "`,", "0", "00", "10", "20"])
        {
            Count(run.Replace(' ', PieceLearner.Space), 20_000);
        }

        foreach (var text in texts)
        {
            foreach (var word in TextWords.Split(text))
            {
                Count(word, 4);
            }
        }

        return weights;

        void Count(string word, long weight) => weights[word] = weights.GetValueOrDefault(word) + weight;
    }
}
