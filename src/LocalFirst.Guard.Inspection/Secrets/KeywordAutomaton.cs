namespace LocalFirst.Guard.Inspection.Secrets;

/// <summary>
/// Finds every occurrence of many ASCII words in one pass, ignoring ASCII case: the automaton of Aho and Corasick ("Efficient string matching", CACM
/// 18(6), 1975) with every transition resolved beforehand, so that each character costs one table read. Immutable.
/// </summary>
internal sealed class KeywordAutomaton
{
    private const int HasOutput = int.MinValue;

    private readonly byte[] _classes;
    private readonly int _classCount;

    // Row offsets instead of state numbers: no multiplication per character. The sign bit says that words end in the state.
    private readonly int[] _next;
    private readonly int[][] _outputs;

    /// <summary>Builds the automaton.</summary>
    /// <param name="words">ASCII words, none empty; a word is known by its index afterwards.</param>
    public KeywordAutomaton(IReadOnlyList<string> words)
    {
        (_classes, _classCount) = ClassesOf(words);

        // 1. The trie; 0 is the root, and at first also "no child".
        var children = new List<int[]> { new int[_classCount] };
        var outputs = new List<List<int>> { new() };
        for (var index = 0; index < words.Count; index++)
        {
            var state = 0;
            foreach (var character in words[index])
            {
                ref var child = ref children[state][_classes[character]];
                if (child == 0)
                {
                    child = children.Count;
                    children.Add(new int[_classCount]);
                    outputs.Add([]);
                }

                state = child;
            }

            outputs[state].Add(index);
        }

        // 2. Breadth first: a missing child is the child of the longest proper suffix, which is already complete.
        var suffix = new int[children.Count];
        var queue = new Queue<int>(children[0].Where(static child => child != 0));
        while (queue.TryDequeue(out var state))
        {
            outputs[state].AddRange(outputs[suffix[state]]);
            for (var character = 0; character < _classCount; character++)
            {
                var fallback = children[suffix[state]][character];
                ref var child = ref children[state][character];
                if (child == 0)
                {
                    child = fallback;
                    continue;
                }

                suffix[child] = fallback;
                queue.Enqueue(child);
            }
        }

        // 3. The flat table.
        _outputs = [.. outputs.Select(static output => output.ToArray())];
        _next = new int[children.Count * _classCount];
        for (var state = 0; state < children.Count; state++)
        {
            for (var character = 0; character < _classCount; character++)
            {
                var target = children[state][character];
                _next[(state * _classCount) + character] = (target * _classCount) | (_outputs[target].Length > 0 ? HasOutput : 0);
            }
        }
    }

    /// <summary>Goes on from <paramref name="position"/> to the next place where a word ends.</summary>
    /// <param name="text">The text.</param>
    /// <param name="position">Where to go on; afterwards one past the last character of the words found.</param>
    /// <param name="state">0 at first; kept between calls.</param>
    /// <param name="words">The words that end there, longest first.</param>
    /// <returns>False at the end of the text.</returns>
    public bool FindNext(ReadOnlySpan<char> text, ref int position, ref int state, out ReadOnlySpan<int> words)
    {
        var next = _next;
        var classes = _classes;
        var row = state;
        for (var at = position; at < text.Length; at++)
        {
            var character = text[at];
            row = next[row + (character < 128 ? classes[character] : 0)];
            if (row < 0)
            {
                row &= int.MaxValue;
                (position, state) = (at + 1, row);
                words = _outputs[row / _classCount];
                return true;
            }
        }

        (position, state) = (text.Length, row);
        words = [];
        return false;
    }

    /// <summary>Characters that no word holds share class 0, whose transition leads to the root.</summary>
    private static (byte[] Classes, int Count) ClassesOf(IReadOnlyList<string> words)
    {
        var classes = new byte[128];
        var count = 1;
        foreach (var character in words.SelectMany(static word => word).Select(char.ToLowerInvariant).Distinct().Order())
        {
            classes[char.ToUpperInvariant(character)] = (byte)count;
            classes[character] = (byte)count++;
        }

        return (classes, count);
    }
}
