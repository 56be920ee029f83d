namespace LocalFirst.Guard.Policies.Yaml;

/// <summary>A YAML file says something that this product cannot take. The message holds file, line, column, field and the mend.</summary>
public sealed class YamlFileException : Exception
{
    /// <summary>Creates it.</summary>
    /// <param name="place">Where it stands.</param>
    /// <param name="what">What is wrong, as a sentence.</param>
    /// <param name="next">What to do next, as a sentence.</param>
    public YamlFileException(YamlPlace place, string what, string next)
        : base($"{place}: {what}\n  → {next}")
    {
        Place = place;
        What = what;
        Next = next;
    }

    /// <summary>Where it stands.</summary>
    public YamlPlace Place { get; }

    /// <summary>What is wrong.</summary>
    public string What { get; }

    /// <summary>What to do next.</summary>
    public string Next { get; }
}

/// <summary>A place in a YAML file.</summary>
/// <param name="File">The file, as the user named it.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
/// <param name="Field">Path of the field, for example <c>rules[2].then</c>; empty at the top.</param>
public sealed record YamlPlace(string File, int Line, int Column, string Field)
{
    /// <summary><c>file:line:column: field</c>, the form that editors and terminals make clickable.</summary>
    public override string ToString() => Field.Length == 0 ? $"{File}:{Line}:{Column}" : $"{File}:{Line}:{Column}: {Field}";
}
