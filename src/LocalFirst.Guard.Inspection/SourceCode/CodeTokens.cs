namespace LocalFirst.Guard.Inspection.SourceCode;

/// <summary>What a token is.</summary>
internal enum CodeTokenKind : byte
{
    /// <summary>A name that somebody chose.</summary>
    Identifier,

    /// <summary>A word of some language.</summary>
    Keyword,

    /// <summary>A number or a string, whatever its value.</summary>
    Literal,

    /// <summary>One punctuation character.</summary>
    Punctuation,
}

/// <summary>The tokens of a text, in columns: every consumer walks one or two of them.</summary>
internal sealed class CodeTokens
{
    private ulong[] _exact = new ulong[256];
    private ulong[] _abstract = new ulong[256];
    private int[] _starts = new int[256];
    private int[] _ends = new int[256];
    private int[] _lines = new int[256];
    private CodeTokenKind[] _kinds = new CodeTokenKind[256];

    public int Count { get; private set; }

    /// <summary>Stream E: identifiers by their name.</summary>
    public ReadOnlySpan<ulong> Exact => _exact.AsSpan(0, Count);

    /// <summary>Stream A: all identifiers alike.</summary>
    public ReadOnlySpan<ulong> Abstract => _abstract.AsSpan(0, Count);

    /// <summary>First code unit of each token.</summary>
    public ReadOnlySpan<int> Starts => _starts.AsSpan(0, Count);

    /// <summary>One past the last code unit of each token.</summary>
    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, Count);

    /// <summary>Line of each token, from 1.</summary>
    public ReadOnlySpan<int> Lines => _lines.AsSpan(0, Count);

    /// <summary>Kind of each token.</summary>
    public ReadOnlySpan<CodeTokenKind> Kinds => _kinds.AsSpan(0, Count);

    public void Add(ulong exact, ulong abstracted, int start, int end, int line, CodeTokenKind kind)
    {
        if (Count == _exact.Length)
        {
            Grow();
        }

        _exact[Count] = exact;
        _abstract[Count] = abstracted;
        _starts[Count] = start;
        _ends[Count] = end;
        _lines[Count] = line;
        _kinds[Count] = kind;
        Count++;
    }

    private void Grow()
    {
        var size = Count * 2;
        Array.Resize(ref _exact, size);
        Array.Resize(ref _abstract, size);
        Array.Resize(ref _starts, size);
        Array.Resize(ref _ends, size);
        Array.Resize(ref _lines, size);
        Array.Resize(ref _kinds, size);
    }
}
