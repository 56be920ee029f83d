using System.Collections.Frozen;

namespace LocalFirst.Guard.Inspection.SourceCode;

/// <summary>
/// Cuts program text into tokens, the same way for every language and for each line on its own: a snippet may begin inside a comment or a string of
/// its file, so no state crosses a line. What agents and people put around code (line numbers, diff and grep marks, quoting, fences) is taken off
/// first; comments and imports are dropped. Stripping too much costs nothing, because the index passes the same tokenizer.
/// </summary>
internal static class CodeTokenizer
{
    /// <summary>Part of the index format: any change of what this class yields must raise it.</summary>
    public const int Version = 1;

    private const ulong IdentifierMark = 0x4900000000000000;
    private const ulong NumberMark = 0x4E00000000000000;
    private const ulong StringMark = 0x5300000000000000;
    private const ulong PunctuationMark = 0x5000000000000000;

    /// <summary>Words of the languages that developers use most. A name that equals one of another language is abstracted less, which is harmless.</summary>
    private static readonly FrozenSet<string> KeywordSet = FrozenSet.ToFrozenSet(
        [
            "abstract", "and", "as", "assert", "async", "await", "base", "begin", "bool", "boolean", "break", "byte", "case", "catch", "chan", "char", "class", "const", "constexpr",
            "continue", "crate", "debugger", "def", "default", "defer", "del", "delegate", "delete", "do", "double", "elif", "else", "end", "enum", "event", "except", "explicit", "export",
            "extends", "extern", "false", "False", "final", "finally", "fixed", "float", "fn", "for", "foreach", "from", "func", "function", "get", "global", "go", "goto", "if", "impl",
            "implements", "import", "in", "inline", "instanceof", "int", "interface", "internal", "is", "lambda", "let", "lock", "long", "loop", "map", "match", "mod", "move", "mut",
            "namespace", "native", "new", "nil", "None", "nonlocal", "not", "null", "object", "of", "operator", "or", "out", "override", "package", "params", "pass", "private", "protected",
            "pub", "public", "raise", "range", "readonly", "record", "ref", "register", "return", "sbyte", "sealed", "select", "self", "set", "short", "signed", "sizeof", "static", "string",
            "struct", "super", "switch", "synchronized", "template", "then", "this", "throw", "throws", "trait", "true", "True", "try", "type", "typedef", "typename", "typeof", "uint",
            "ulong", "undefined", "union", "unsafe", "unsigned", "use", "ushort", "using", "var", "virtual", "void", "volatile", "when", "where", "while", "with", "yield",
        ],
        StringComparer.Ordinal);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Keywords = KeywordSet.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Tokenises a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="seed">The key's seed.</param>
    public static CodeTokens Tokenize(ReadOnlySpan<char> text, ulong seed)
    {
        var tokens = new CodeTokens();
        var line = 1;
        for (var at = 0; at < text.Length; line++)
        {
            var length = text[at..].IndexOf('\n');
            var end = length < 0 ? text.Length : at + length;
            Line(text[..end], at, line, seed, tokens);
            at = end + 1;
        }

        return tokens;
    }

    /// <summary>The hash of a name in stream E.</summary>
    public static ulong HashOf(ReadOnlySpan<char> name, ulong seed)
    {
        var hash = seed;
        foreach (var c in name)
        {
            hash = (hash ^ c) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 29;
        }

        return Mix(hash ^ (ulong)name.Length);
    }

    private static void Line(ReadOnlySpan<char> text, int at, int line, ulong seed, CodeTokens tokens)
    {
        if (IsFrame(text[at..]))
        {
            return;
        }

        at = SkipDecoration(text, at);
        var rest = text[at..].TrimEnd();
        if (rest.IsEmpty || IsComment(rest) || IsImport(rest))
        {
            return;
        }

        var end = at + rest.Length;
        text = text[..end];
        while (at < end)
        {
            var c = text[at];
            if (char.IsWhiteSpace(c))
            {
                at++;
            }
            else if (StartsTrailingComment(text, at))
            {
                return;
            }
            else if (c == '/' && at + 1 < end && text[at + 1] == '*')
            {
                var close = text[(at + 2)..].IndexOf("*/");
                if (close < 0)
                {
                    return;
                }

                at += close + 4;
            }
            else if (char.IsAsciiDigit(c))
            {
                var stop = at + 1;
                while (stop < end && (char.IsAsciiLetterOrDigit(text[stop]) || text[stop] is '_' or '.' && stop + 1 < end && char.IsAsciiDigit(text[stop + 1])))
                {
                    stop++;
                }

                var hash = Mix(seed ^ NumberMark);
                tokens.Add(hash, hash, at, stop, line, CodeTokenKind.Literal);
                at = stop;
            }
            else if (IsNameStart(c))
            {
                at = Name(text, at, line, seed, tokens);
            }
            else if (c is '"' or '\'' or '`' && StringEnd(text, at) is var stop and > 0)
            {
                var hash = Mix(seed ^ StringMark);
                tokens.Add(hash, hash, at, stop, line, CodeTokenKind.Literal);
                at = stop;
            }
            else
            {
                var hash = Mix(seed ^ PunctuationMark ^ c);
                tokens.Add(hash, hash, at, at + 1, line, CodeTokenKind.Punctuation);
                at++;
            }
        }
    }

    private static int Name(ReadOnlySpan<char> text, int at, int line, ulong seed, CodeTokens tokens)
    {
        var stop = at + 1;
        while (stop < text.Length && (IsNameStart(text[stop]) || char.IsAsciiDigit(text[stop])))
        {
            stop++;
        }

        var name = text[at..stop];
        var exact = HashOf(name, seed);
        var isKeyword = Keywords.Contains(name);
        tokens.Add(exact, isKeyword ? exact : Mix(seed ^ IdentifierMark), at, stop, line, isKeyword ? CodeTokenKind.Keyword : CodeTokenKind.Identifier);
        return stop;
    }

    /// <summary>Fences and the headers of a diff: no line of any file.</summary>
    private static bool IsFrame(ReadOnlySpan<char> line)
    {
        var trimmed = line.TrimStart();
        return trimmed.StartsWith("```")
            || trimmed.StartsWith("~~~")
            || line.StartsWith("@@ ")
            || line.StartsWith("diff --git ")
            || line.StartsWith("--- a/")
            || line.StartsWith("+++ b/")
            || line.StartsWith("--- /dev/")
            || line.StartsWith("+++ /dev/")
            || (line.StartsWith("index ") && line.IndexOf("..") > 0);
    }

    /// <summary>Skips blanks, line numbers, diff and grep marks and quoting, however they are stacked.</summary>
    private static int SkipDecoration(ReadOnlySpan<char> text, int at)
    {
        var grep = GrepPrefix(text[at..]);
        at += grep;
        while (at < text.Length)
        {
            if (char.IsWhiteSpace(text[at]) || text[at] is '+' or '-' or '>' or '|' or '\u2502')
            {
                at++;
                continue;
            }

            var number = LineNumber(text[at..]);
            if (number == 0)
            {
                break;
            }

            at += number;
        }

        return at;
    }

    /// <summary>The length of <c>12→</c>, <c>12:</c>, <c>12|</c>, <c>12 |</c>, <c>12⇥</c> or <c>12-</c> (grep's context) at the start; 0 when there is none.</summary>
    private static int LineNumber(ReadOnlySpan<char> line)
    {
        var at = 0;
        while (at < line.Length && at < 7 && char.IsAsciiDigit(line[at]))
        {
            at++;
        }

        if (at == 0 || at == line.Length)
        {
            return 0;
        }

        var mark = at;
        while (mark < line.Length && line[mark] == ' ')
        {
            mark++;
        }

        return mark < line.Length && (line[mark] is '→' or '|' or '\t' or '\u2502' || (mark == at && line[mark] is ':' or '-')) ? mark + 1 : 0;
    }

    /// <summary>The length of <c>src/a.cs:12:</c> or <c>src/a.cs-12-</c> at the start; 0 when there is none.</summary>
    private static int GrepPrefix(ReadOnlySpan<char> line)
    {
        var path = 0;
        var looksLikePath = false;
        while (path < line.Length && path < 260 && (char.IsAsciiLetterOrDigit(line[path]) || line[path] is '_' or '.' or '/' or '\\' or '-' or '@'))
        {
            looksLikePath |= line[path] is '.' or '/' or '\\';
            if (looksLikePath && line[path] == '-' && NumberedMark(line, path, '-') is var dashed and > 0)
            {
                return dashed;
            }

            path++;
        }

        return looksLikePath && path > 0 ? NumberedMark(line, path, ':') : 0;
    }

    private static int NumberedMark(ReadOnlySpan<char> line, int at, char mark)
    {
        if (at >= line.Length || line[at] != mark)
        {
            return 0;
        }

        var digits = at + 1;
        while (digits < line.Length && char.IsAsciiDigit(line[digits]))
        {
            digits++;
        }

        return digits > at + 1 && digits < line.Length && line[digits] == mark ? digits + 1 : 0;
    }

    private static bool IsComment(ReadOnlySpan<char> line) =>
        line.StartsWith("//")
        || line.StartsWith("<!--")
        || line.StartsWith("*/")
        || line.StartsWith("* ")
        || line.SequenceEqual("*")
        || (line.StartsWith("/*") && line.IndexOf("*/") is var close && (close < 0 || close == line.Length - 2))
        || (line[0] == '#' && (line.Length == 1 || line[1] is ' ' or '#' or '!' or '-'));

    private static bool IsImport(ReadOnlySpan<char> line) =>
        line.StartsWith("import ")
        || line.StartsWith("#include")
        || line.StartsWith("#region")
        || line.StartsWith("#pragma")
        || line.StartsWith("package ")
        || line.StartsWith("namespace ")
        || (line.StartsWith("from ") && line.IndexOf(" import") > 0)
        || ((line.StartsWith("using ") || line.StartsWith("global using ") || line.StartsWith("use ")) && line[^1] == ';' && line.IndexOfAny('=', '(') < 0);

    private static bool StartsTrailingComment(ReadOnlySpan<char> text, int at) => text[at] switch
    {
        '/' => at + 1 < text.Length && text[at + 1] == '/' && (at == 0 || text[at - 1] != ':'),
        '#' => at > 0 && char.IsWhiteSpace(text[at - 1]) && (at + 1 == text.Length || text[at + 1] == ' '),
        _ => false,
    };

    /// <summary>One past the closing quote on the same line; 0 when it does not close there (an apostrophe, a string over several lines).</summary>
    private static int StringEnd(ReadOnlySpan<char> text, int at)
    {
        var quote = text[at];
        for (var i = at + 1; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == quote)
            {
                return i + 1;
            }
        }

        return 0;
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c is '_' or '$' || (c > '\u007F' && char.IsLetter(c));

    private static ulong Mix(ulong value)
    {
        // The finaliser of MurmurHash3 (Appleby, public domain): every bit reaches every other.
        value ^= value >> 33;
        value *= 0xFF51AFD7ED558CCD;
        value ^= value >> 33;
        value *= 0xC4CEB9FE1A85EC53;
        return value ^ (value >> 33);
    }
}
