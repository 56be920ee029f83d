namespace LocalFirst.Guard.Protocols;

/// <summary>A catalogue file is not valid. The message names file, line and what to change.</summary>
public sealed class CatalogueException : Exception
{
    /// <summary>Creates it.</summary>
    /// <param name="file">The file, for example <c>rules/providers/openai.yaml</c>.</param>
    /// <param name="line">The line, from 1.</param>
    /// <param name="problem">What is wrong and what is expected.</param>
    public CatalogueException(string file, int line, string problem)
        : base($"{file}:{line}: {problem}")
    {
        File = file;
        Line = line;
    }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>The line, from 1.</summary>
    public int Line { get; }
}
