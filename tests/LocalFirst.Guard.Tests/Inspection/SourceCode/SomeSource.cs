using System.Text;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.SourceCode;

namespace LocalFirst.Guard.Tests.Inspection.SourceCode;

/// <summary>Makes source files of several languages that no one has written, each company with names and, by <c>otherHabits</c>, ways of its own.</summary>
internal sealed class SomeSource(int seed, bool otherHabits = false)
{
    public static readonly string[] Languages = ["cs", "ts", "py", "go"];

    private static readonly string[] Syllables = ["bo", "ka", "ri", "tel", "mun", "sor", "vax", "lin", "pre", "dor", "gam", "fis", "hel", "jor", "nek", "qua", "wil", "zen", "cor", "tab"];
    private static readonly string[] Verbs = ["load", "store", "merge", "split", "apply", "resolve", "collect", "check", "reset", "settle"];

    private readonly Random _random = new(seed);

    public static CodeKey Key { get; } = new(Enumerable.Range(1, CodeKey.Length).Select(i => (byte)i).ToArray());

    public static CodeIndex Index(params (string Path, string Text)[] files)
    {
        var builder = new CodeIndexBuilder(Key);
        foreach (var (path, text) in files)
        {
            builder.Add("company", path, text);
        }

        return builder.Build(DateTimeOffset.UnixEpoch);
    }

    public static List<PassageMatch> Find(string text, CodeIndex index) => CodeMatcher.Find(text, index, new WorkBudget(100 + (20L * text.Length)));

    public string File(string language, int functions) => string.Join("\n", Enumerable.Range(0, functions).Select(_ => Function(language)));

    public string Function(string language)
    {
        var lines = new StringBuilder();
        var name = $"{Pick(Verbs)}{Word()}{Word()}";
        var (a, b, c) = (Name(), Name(), Name());
        var open = language switch
        {
            "cs" => $"    private {Word()} {name}({Word()} {a}, int {b})\n    {{",
            "ts" => $"  async {name}({a}: {Word()}, {b}: number): Promise<{Word()}> {{",
            "py" => $"    def {name}(self, {a}, {b}=None):",
            _ => $"func (s *{Word()}) {name}({a} {Word()}, {b} int) error {{",
        };
        lines.Append(open).Append('\n');
        var end = language is "cs" or "ts" ? ";" : string.Empty;
        for (var i = 0; i < _random.Next(8, 14); i++)
        {
            var (target, callee) = (Name(), $"{Pick(Verbs)}{Word()}");
            lines.Append("        ").Append(otherHabits ? OtherStatement(callee, end) : _random.Next(6) switch
            {
                0 => $"{target} = {a}.{callee}({b}, {_random.Next(100)}){end}",
                1 => language == "py" ? $"if {target} > {b}.{Name()}: return {callee}({c})" : $"if ({target} > {b}.{Name()}) {{ return {callee}({c}){end} }}",
                2 => $"{c}[{Name()}] = {callee}({target}, \"{Word()}\"){end}",
                3 => $"{a}.{Name()}.{callee}({Name()} + {Name()}, {c}.{Name()}){end}",
                4 => language == "py" ? $"for {Name()} in {target}.{callee}(): {c}.append({a})" : $"for ({Name()} of {target}.{callee}()) {{ {c}.push({a}){end} }}",
                _ => $"{Name()} = {target} * {Name()} - {callee}({a}.{Name()}){end}",
            }).Append('\n');
        }

        return lines.Append(language == "py" ? $"        return {c}\n" : "    }\n").ToString();
    }

    private string OtherStatement(string callee, string end) => _random.Next(5) switch
    {
        0 => $"{Name()}.{Name()}.{callee}(\"{Word()}\").{Pick(Verbs)}({Name()}, {Name()}, !{Name()}){end}",
        1 => $"{Name()}[\"{Word()}\"] += {Name()} % {_random.Next(9)}{end}",
        2 => $"assert {callee}({Name()}) == [{Name()}, {Name()}, {Name()}]{end}",
        3 => $"{Name()}, {Name()} = {Name()}({callee}(), {Name()}[{_random.Next(9)}]){end}",
        _ => $"throw {Word()}Error(\"{Word()}\", {Name()} && {Name()}.{Name()}){end}",
    };

    private string Name() => _random.Next(3) == 0 ? Pick(Syllables) : $"{Pick(Syllables)}{Word()}";

    private string Word()
    {
        var word = Pick(Syllables) + Pick(Syllables) + Pick(Syllables);
        return char.ToUpperInvariant(word[0]) + word[1..];
    }

    private string Pick(string[] from) => from[_random.Next(from.Length)];
}
