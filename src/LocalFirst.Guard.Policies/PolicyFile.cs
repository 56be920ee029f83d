using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using LocalFirst.Guard.Policies.Yaml;

namespace LocalFirst.Guard.Policies;

/// <summary>Reads policy files. Form: <c>schemas/policy.schema.json</c>.</summary>
public static partial class PolicyFile
{
    /// <summary>Most rules of a policy: a person could not review more.</summary>
    public const int MaxRules = 1000;

    /// <summary>Largest monthly budget in US dollars: beyond it a slip of the pen is likelier than a person's bill.</summary>
    public const int MaxBudgetUsd = 1_000_000;

    /// <summary>Longest model name, in characters: a record holds no longer one.</summary>
    public const int MaxModelLength = 80;

    private const string ResourcePrefix = "policies/";
    private const string TestsSuffix = ".tests.yaml";

    /// <summary>Names of the built-in policies.</summary>
    public static IReadOnlyList<string> BuiltInNames { get; } =
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(n => n.StartsWith(ResourcePrefix, StringComparison.Ordinal) && !n.EndsWith(TestsSuffix, StringComparison.Ordinal))
            .Select(n => n[ResourcePrefix.Length..^".yaml".Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The policy that the configuration names.</summary>
    /// <param name="nameOrPath">Name of a built-in policy, or the path of a file.</param>
    /// <exception cref="PolicyException">There is no such policy.</exception>
    /// <exception cref="YamlFileException">It says something that is not a policy.</exception>
    public static Policy Resolve(string nameOrPath) =>
        BuiltInNames.Contains(nameOrPath, StringComparer.Ordinal) ? BuiltIn(nameOrPath) : Load(nameOrPath);

    /// <summary>A built-in policy.</summary>
    /// <param name="name">One of <see cref="BuiltInNames"/>.</param>
    /// <exception cref="PolicyException">There is none of that name.</exception>
    public static Policy BuiltIn(string name) => Parse(BuiltInBytes($"{name}.yaml"), $"{ResourcePrefix}{name}.yaml");

    /// <summary>The text of a built-in policy.</summary>
    /// <param name="name">One of <see cref="BuiltInNames"/>.</param>
    /// <exception cref="PolicyException">There is none of that name.</exception>
    public static string BuiltInText(string name) => Encoding.UTF8.GetString(BuiltInBytes($"{name}.yaml"));

    /// <summary>Reads a policy file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="PolicyException">It cannot be read.</exception>
    /// <exception cref="YamlFileException">It says something that is not a policy.</exception>
    public static Policy Load(string path) => Parse(ReadBytes(path), path);

    /// <summary>Reads a policy from its bytes, which its hash is over.</summary>
    /// <param name="bytes">UTF-8 YAML.</param>
    /// <param name="source">Name of the file for messages and records.</param>
    /// <exception cref="YamlFileException">It says something that is not a policy.</exception>
    public static Policy Parse(ReadOnlySpan<byte> bytes, string source) =>
        Read(YamlReader.Parse(bytes, source), Convert.ToHexStringLower(SHA256.HashData(bytes)), source);

    /// <summary>Reads a policy from text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="source">Name of the file for messages and records.</param>
    /// <exception cref="YamlFileException">It says something that is not a policy.</exception>
    public static Policy Parse(string text, string source) => Parse(Encoding.UTF8.GetBytes(text), source);

    /// <summary>Bytes of a built-in file.</summary>
    internal static byte[] BuiltInBytes(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(ResourcePrefix + file)
            ?? throw new PolicyException($"There is no built-in policy file {file}.", $"Built in are: {string.Join(", ", BuiltInNames)}.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>Bytes of a file, never more than a policy may have.</summary>
    internal static byte[] ReadBytes(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            var buffer = new byte[YamlReader.MaxBytes + 1];
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return buffer[..length];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PolicyException($"There is no policy file {path}.", $"Check the path, or use a built-in policy: {string.Join(", ", BuiltInNames)}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new PolicyException($"The policy file {path} cannot be read ({e.GetType().Name}).", "Check that it is a file and that you may read it.");
        }
    }

    private static Policy Read(YamlNode root, string hash, string source)
    {
        var map = root.AsMap();
        map.AllowOnly(PolicyWords.PolicyKeys);
        var name = Name(map.Require("name").AsScalar());
        var version = map.Require("version").AsScalar().AsText(maxLength: 64);
        var list = map.Require("rules").AsList();
        if (list.Items.Count > MaxRules)
        {
            throw list.Error($"there are more than {MaxRules} rules.", "Join rules that differ in one field: every field takes a list.");
        }

        var rules = new List<PolicyRule>(list.Items.Count);
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var item in list.Items)
        {
            var rule = ReadRule(item.AsMap());
            if (!lines.TryAdd(rule.Id, rule.Line))
            {
                throw item.AsMap().Require("id").Error($"the id '{rule.Id}' is taken by the rule on line {lines[rule.Id]}.", "Give each rule its own id: it stands in the audit log.");
            }

            rules.Add(rule);
        }

        return new Policy(name, version, hash, source, rules) { MonthlyBudgetUsd = ReadBudget(map.Find("budget")) };
    }

    /// <summary><c>{monthlyUsd: 25}</c>.</summary>
    private static decimal? ReadBudget(YamlNode? node)
    {
        if (node is null)
        {
            return null;
        }

        var map = node.AsMap();
        map.AllowOnly(PolicyWords.BudgetKeys);
        return (decimal)map.Require("monthlyUsd").AsScalar().AsNumber(0, MaxBudgetUsd);
    }

    private static PolicyRule ReadRule(YamlMap map)
    {
        map.AllowOnly(PolicyWords.RuleKeys);
        var id = Name(map.Require("id").AsScalar());
        var when = ReadWhen(map.Require("when").AsMap());
        var then = PolicyWords.ActionOf(map.Require("then").AsScalar().AsOneOf(PolicyWords.Actions))!.Value;
        var reason = map.Require("reason").AsScalar().AsText();
        return new PolicyRule(id, when, then, reason, map.Place.Line) { Model = ReadModel(map, then) };
    }

    private static string? ReadModel(YamlMap map, PolicyAction then)
    {
        if (map.Find("model") is not { } node)
        {
            return null;
        }

        if (then != PolicyAction.Allow)
        {
            throw map.ErrorAtKey("model", "a model is named where the request does not leave.", "Write 'then: allow' to send it to that model, or remove 'model'.");
        }

        var text = node.AsScalar().AsText(MaxModelLength);
        return ModelForm().IsMatch(text)
            ? text
            : throw node.Error($"'{Quote.Text(text)}' is not a model name.", "Write the provider's own name of the model: letters, digits and . _ : / @ -");
    }

    private static PolicyCondition ReadWhen(YamlMap map)
    {
        map.AllowOnly(PolicyWords.WhenKeys);
        if (map.Count == 0)
        {
            throw map.Error("the condition is empty.", "Name at least one field; for every request write 'provider: \"*\"'.");
        }

        return new PolicyCondition
        {
            Detectors = Words(map.Find("detector"), PolicyWords.Detectors),
            Types = Texts(map.Find("type"), TypeForm(), "a type, such as API_KEY, or \"*\" for all", "Types are written in capitals, as 'guard scan' prints them."),
            Tiers = ReadTiers(map.Find("tier")),
            Confidence = ReadConfidence(map.Find("confidence")),
            States = Words(map.Find("state"), PolicyWords.States),
            Phases = Words(map.Find("phase"), [.. PolicyWords.Phases, PolicyWords.Any]),
            Clients = Texts(map.Find("client"), NameForm(), "a client id, such as claude-code, 'unknown', or \"*\" for all", "Ids are lower case: letters, digits, dots and dashes."),
            Providers = Texts(map.Find("provider"), NameForm(), "a provider id, such as openai, 'unknown', or \"*\" for all", "Ids are lower case: letters, digits, dots and dashes."),
        };
    }

    internal static string Name(YamlScalar scalar)
    {
        var text = scalar.AsText(maxLength: 64);
        return text != PolicyWords.Any && NameForm().IsMatch(text)
            ? text
            : throw scalar.Error($"'{Quote.Text(text)}' is not a plain name.", "Use lower-case letters, digits, dots and dashes, beginning with a letter or digit.");
    }

    private static List<string>? Words(YamlNode? node, IReadOnlyList<string> words) =>
        node is null ? null : [.. node.AsScalars().Select(s => s.AsOneOf(words))];

    private static List<string>? Texts(YamlNode? node, Regex form, string expected, string next) =>
        node is null
            ? null
            : [.. node.AsScalars().Select(s => form.IsMatch(s.AsText(maxLength: 64)) ? s.Value : throw s.Error($"'{Quote.Text(s.Value)}' is not {expected}.", next))];

    /// <summary><c>2</c>, <c>[1, 2]</c> or <c>1..3</c>.</summary>
    private static List<int>? ReadTiers(YamlNode? node)
    {
        if (node is null)
        {
            return null;
        }

        if (node is YamlScalar { Value: { Length: 4 } range } && range.AsSpan(1, 2) is ".." && range[0] is >= '1' and <= '4' && range[3] is >= '1' and <= '4' && range[0] <= range[3])
        {
            return [.. Enumerable.Range(range[0] - '0', range[3] - range[0] + 1)];
        }

        return
        [
            .. node.AsScalars().Select(s => s is { IsQuoted: false, Value: ['1' or '2' or '3' or '4'] }
                ? s.Value[0] - '0'
                : throw s.Error($"'{Quote.Text(s.Value)}' is not a tier.", "Write a tier from 1 (verified) to 4 (hint), a list such as [1, 2], or a range such as 1..3.")),
        ];
    }

    /// <summary><c>">= 0.5"</c>.</summary>
    private static ConfidenceRange? ReadConfidence(YamlNode? node)
    {
        if (node is null)
        {
            return null;
        }

        var scalar = node.AsScalar();
        var match = ConfidenceForm().Match(scalar.Value);
        return match.Success
            ? new ConfidenceRange(match.Groups[1].Value, double.Parse(match.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture))
            : throw scalar.Error($"'{Quote.Text(scalar.Value)}' is not a bound on confidence.", "Write >=, >, <= or < and a number from 0 to 1 in quotes, such as \">= 0.5\".");
    }

    // \z and not $: the latter lets a line break at the end through.
    [GeneratedRegex(@"^(?:\*|[a-z0-9][a-z0-9.-]*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex NameForm();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._:/@-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ModelForm();

    [GeneratedRegex(@"^(?:\*|[A-Z][A-Z0-9_]*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex TypeForm();

    [GeneratedRegex(@"^(>=|>|<=|<) ?(0(?:\.[0-9]{1,6})?|1(?:\.0{1,6})?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex ConfidenceForm();
}
