namespace LocalFirst.Guard.LocalModels.DemoModel;

/// <summary>
/// Learns word pieces by byte-pair encoding over characters (Sennrich, Haddow, Birch: "Neural Machine Translation of Rare Words with Subword
/// Units", 2016): the most frequent neighbours become one piece, again and again. The order of learning is the order in which the SentencePiece
/// tokenizer of llama.cpp merges, so every learned piece is reachable. The same texts give the same pieces.
/// </summary>
internal static class PieceLearner
{
    /// <summary>How SentencePiece writes a space.</summary>
    public const char Space = '\u2581';

    /// <summary>Learns.</summary>
    /// <param name="words">Words with their weight; a leading space is written <see cref="Space"/>.</param>
    /// <param name="count">Pieces to learn at most.</param>
    /// <returns>Pieces of two and more characters, the first learned first.</returns>
    public static IReadOnlyList<string> Learn(IReadOnlyDictionary<string, long> words, int count)
    {
        // 1. Words as lists of piece numbers; equal pieces share a number.
        var texts = new List<string>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var entries = words.OrderBy(w => w.Key, StringComparer.Ordinal)
            .Select(w => (Pieces: w.Key.Select(c => NumberOf(c.ToString())).ToList(), Weight: w.Value))
            .ToArray();

        // 2. Every pair of neighbours with its weight and the words it occurs in.
        var weights = new Dictionary<(int, int), long>();
        var places = new Dictionary<(int, int), HashSet<int>>();
        var queue = new PriorityQueue<(int, int), (long, int, int)>();
        for (var i = 0; i < entries.Length; i++)
        {
            Count(i, +1);
        }

        foreach (var pair in weights.Keys)
        {
            Offer(pair);
        }

        // 3. Merge the heaviest pair until enough are learned. A queue entry whose weight is out of date is put back with the right one.
        var learned = new List<string>(count);
        while (learned.Count < count && queue.TryDequeue(out var pair, out var priority))
        {
            var weight = weights[pair];
            if (weight < 1)
            {
                continue;
            }

            if (-priority.Item1 != weight)
            {
                Offer(pair);
                continue;
            }

            var text = texts[pair.Item1] + texts[pair.Item2];
            var isNew = !numbers.ContainsKey(text);
            var number = NumberOf(text);
            if (isNew)
            {
                learned.Add(text);
            }

            foreach (var word in places[pair].Order().ToArray())
            {
                Count(word, -1);
                Merge(entries[word].Pieces, pair, number);
                Count(word, +1);
            }
        }

        return learned;

        int NumberOf(string piece)
        {
            if (!numbers.TryGetValue(piece, out var number))
            {
                number = texts.Count;
                numbers.Add(piece, number);
                texts.Add(piece);
            }

            return number;
        }

        void Offer((int A, int B) pair) => queue.Enqueue(pair, (-weights[pair], pair.A, pair.B));

        void Count(int word, int sign)
        {
            var (pieces, weight) = entries[word];
            for (var i = 1; i < pieces.Count; i++)
            {
                var pair = (pieces[i - 1], pieces[i]);
                var before = weights.GetValueOrDefault(pair);
                weights[pair] = before + (sign * weight);
                if (!places.TryGetValue(pair, out var set))
                {
                    places.Add(pair, set = []);
                }

                set.Add(word);
                if (sign > 0 && before == 0)
                {
                    Offer(pair);
                }
            }
        }
    }

    private static void Merge(List<int> pieces, (int A, int B) pair, int number)
    {
        var write = 0;
        for (var read = 0; read < pieces.Count; read++)
        {
            var isPair = read + 1 < pieces.Count && pieces[read] == pair.A && pieces[read + 1] == pair.B;
            pieces[write++] = isPair ? number : pieces[read];
            read += isPair ? 1 : 0;
        }

        pieces.RemoveRange(write, pieces.Count - write);
    }
}
