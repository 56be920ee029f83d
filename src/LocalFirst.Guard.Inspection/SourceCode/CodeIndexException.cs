namespace LocalFirst.Guard.Inspection.SourceCode;

/// <summary>The code index cannot be read, built or asked: what was wrong and where, and what to do next. Holds no text of any source.</summary>
/// <param name="what">What was wrong, and where.</param>
/// <param name="next">What to do next.</param>
public sealed class CodeIndexException(string what, string next) : Exception($"{what}\n  → {next}")
{
    /// <summary>What was wrong, and where.</summary>
    public string What { get; } = what;

    /// <summary>What to do next.</summary>
    public string Next { get; } = next;
}
