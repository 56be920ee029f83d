using System.Reflection;

namespace LocalFirst.Guard.Inspection.SourceCode;

/// <summary>
/// Names that everybody uses. A k-gram that holds names from outside it is more telling: it scores two or three points instead of one. The names of
/// .NET's own libraries are in it from the start; public folders add theirs.
/// </summary>
internal sealed class PublicVocabulary
{
    /// <summary>A shorter name, or one of a single word, is no sign of an owner.</summary>
    private const int MinLength = 8;

    private readonly HashSet<ulong> _names = [];
    private readonly ulong _seed;

    public PublicVocabulary(ulong seed)
    {
        _seed = seed;
        Assembly[] libraries = [typeof(object).Assembly, typeof(Enumerable).Assembly, typeof(Uri).Assembly, typeof(HttpClient).Assembly, typeof(Stack<>).Assembly, typeof(System.Text.Json.JsonDocument).Assembly];
        foreach (var type in libraries.SelectMany(library => library.GetExportedTypes()))
        {
            Add(type.Name);
            foreach (var member in type.GetMembers(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            {
                Add(member.Name);
            }
        }
    }

    /// <summary>Adds the names of a public text.</summary>
    public void Add(CodeTokens tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens.Kinds[i] == CodeTokenKind.Identifier)
            {
                _names.Add(tokens.Exact[i]);
            }
        }
    }

    /// <summary>Whether a name looks like its owner's: of two words or more, and none of the public ones.</summary>
    public bool IsTelling(ulong hash, ReadOnlySpan<char> name) => name.Length >= MinLength && HasTwoWords(name) && !_names.Contains(hash);

    private void Add(string name)
    {
        var plain = name.AsSpan();
        var tick = plain.IndexOf('`');
        _names.Add(CodeTokenizer.HashOf(tick < 0 ? plain : plain[..tick], _seed));
    }

    private static bool HasTwoWords(ReadOnlySpan<char> name)
    {
        for (var i = 1; i < name.Length - 1; i++)
        {
            if (name[i] == '_' || (char.IsUpper(name[i]) && char.IsLower(name[i - 1])))
            {
                return true;
            }
        }

        return false;
    }
}
