using LocalFirst.Guard.Policies.Yaml;

namespace LocalFirst.Guard.Policies.Testing;

/// <summary>One example of what a policy must decide.</summary>
/// <param name="Name">A sentence.</param>
/// <param name="Facts">The request.</param>
/// <param name="Action">The expected action.</param>
/// <param name="Rule">Id of a rule that must be among the reasons with the verdict's action; null when any may be.</param>
/// <param name="Place">Where it stands in the file.</param>
public sealed record PolicyTestCase(string Name, PolicyFacts Facts, PolicyAction Action, string? Rule, YamlPlace Place)
{
    /// <summary>The cloud model that must be named; null when any or none may be.</summary>
    public string? Model { get; init; }
}

/// <summary>How one example ended.</summary>
/// <param name="Case">The example.</param>
/// <param name="Verdict">What the policy decided.</param>
/// <param name="Failure">What differs, as a sentence; null when it passed.</param>
public sealed record PolicyTestResult(PolicyTestCase Case, Verdict Verdict, string? Failure);

/// <summary>A policy and its examples: <c>NAME.yaml</c> with <c>NAME.tests.yaml</c> beside it.</summary>
/// <param name="Source">The examples' file.</param>
/// <param name="Policy">The policy.</param>
/// <param name="Cases">The examples.</param>
public sealed record PolicyTestFile(string Source, Policy Policy, IReadOnlyList<PolicyTestCase> Cases)
{
    /// <summary>How a file of examples ends.</summary>
    public const string Suffix = ".tests.yaml";

    /// <summary>Keys of a file of examples.</summary>
    public static readonly IReadOnlyList<string> FileKeys = ["tests"];

    /// <summary>Keys of an example.</summary>
    public static readonly IReadOnlyList<string> CaseKeys = ["name", "facts", "expect"];

    /// <summary>Keys of an example's facts. What is left out: <c>state: complete, provider: openai, local: true</c>, no finding.</summary>
    public static readonly IReadOnlyList<string> FactKeys = ["state", "stateReason", "provider", "client", "phase", "budgetSpent", "local", "findings"];

    /// <summary>Keys of a finding.</summary>
    public static readonly IReadOnlyList<string> FindingKeys = ["detector", "rule", "type", "tier", "confidence", "place"];

    /// <summary>Keys of what is expected.</summary>
    public static readonly IReadOnlyList<string> ExpectKeys = ["action", "rule", "model"];

    /// <summary>Reads a file of examples and the policy beside it.</summary>
    /// <param name="path">Path of a <c>*.tests.yaml</c>.</param>
    /// <exception cref="PolicyException">One of the two cannot be read.</exception>
    /// <exception cref="YamlFileException">One of the two says something that this product cannot take.</exception>
    public static PolicyTestFile Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!path.EndsWith(Suffix, StringComparison.Ordinal))
        {
            throw new PolicyException($"{path} is no file of policy tests.", $"Name a file that ends in {Suffix}, or a folder of such files.");
        }

        var cases = Parse(PolicyFile.ReadBytes(path), path);
        return new PolicyTestFile(path, PolicyFile.Load(path[..^Suffix.Length] + ".yaml"), cases);
    }

    /// <summary>A built-in policy and its examples.</summary>
    /// <param name="name">One of <see cref="PolicyFile.BuiltInNames"/>.</param>
    public static PolicyTestFile BuiltIn(string name) =>
        new($"policies/{name}{Suffix}", PolicyFile.BuiltIn(name), Parse(PolicyFile.BuiltInBytes(name + Suffix), $"policies/{name}{Suffix}"));

    /// <summary>Reads examples.</summary>
    /// <param name="bytes">UTF-8 YAML.</param>
    /// <param name="source">Name of the file for messages.</param>
    /// <exception cref="YamlFileException">It says something that this product cannot take.</exception>
    public static IReadOnlyList<PolicyTestCase> Parse(ReadOnlySpan<byte> bytes, string source)
    {
        var map = YamlReader.Parse(bytes, source).AsMap();
        map.AllowOnly(FileKeys);
        var tests = map.Require("tests").AsList();
        return tests.Items.Count == 0
            ? throw tests.Error("there is no test here, and a file without tests proves nothing.", "Write at least one.")
            : [.. tests.Items.Select(i => ReadCase(i.AsMap()))];
    }

    /// <summary>Runs the examples.</summary>
    public IReadOnlyList<PolicyTestResult> Run() => [.. Cases.Select(Run)];

    private PolicyTestResult Run(PolicyTestCase test)
    {
        var verdict = PolicyEvaluator.Evaluate(Policy, test.Facts);
        var deciding = verdict.Reasons.Where(r => r.Action == verdict.Action).Select(r => r.RuleId).Distinct().ToList();
        var failure =
            verdict.Action != test.Action ? $"expected {PolicyWords.Of(test.Action)}, got {PolicyWords.Of(verdict.Action)} by {string.Join(", ", deciding)}"
            : test.Rule is not null && !deciding.Contains(test.Rule) ? $"expected rule {test.Rule}, decided by {string.Join(", ", deciding)}"
            : test.Model is not null && verdict.Model != test.Model ? $"expected the model {test.Model}, got {verdict.Model ?? "the requested one"}"
            : null;
        return new PolicyTestResult(test, verdict, failure);
    }

    private static PolicyTestCase ReadCase(YamlMap map)
    {
        map.AllowOnly(CaseKeys);
        var expect = map.Require("expect").AsMap();
        expect.AllowOnly(ExpectKeys);
        return new PolicyTestCase(
            map.Require("name").AsScalar().AsText(),
            ReadFacts(map.Find("facts")?.AsMap()),
            PolicyWords.ActionOf(expect.Require("action").AsScalar().AsOneOf(PolicyWords.Actions))!.Value,
            expect.Find("rule")?.AsScalar().AsText(),
            map.Place)
        {
            Model = expect.Find("model")?.AsScalar().AsText(),
        };
    }

    private static PolicyFacts ReadFacts(YamlMap? map)
    {
        map?.AllowOnly(FactKeys);
        var local = map?.Find("local")?.AsScalar().AsBoolean() ?? true;
        return new PolicyFacts
        {
            State = map?.Find("state")?.AsScalar().AsOneOf(PolicyWords.States) ?? "complete",
            StateReason = map?.Find("stateReason")?.AsScalar().AsText(),
            Provider = map?.Find("provider")?.AsScalar().AsText() ?? "openai",
            Client = map?.Find("client")?.AsScalar().AsText(),
            Phase = map?.Find("phase")?.AsScalar().AsOneOf(PolicyWords.Phases) is { } phase && phase != PolicyWords.Unknown ? phase : null,
            Budget = map?.Find("budgetSpent")?.AsScalar().AsBoolean() == true ? new BudgetObstacle(PolicyEvaluator.BudgetSpentRule, "In this test the month's budget is spent.") : null,
            LocalAvailable = local,
            LocalUnavailableReason = local ? null : "this test has none.",
            Findings = map?.Find("findings") is { } findings ? [.. findings.AsList().Items.Select(i => ReadFinding(i.AsMap()))] : [],
        };
    }

    private static FindingFact ReadFinding(YamlMap map)
    {
        map.AllowOnly(FindingKeys);
        var type = map.Require("type").AsScalar().AsText();
        return new FindingFact(
            map.Require("detector").AsScalar().AsOneOf(PolicyWords.Detectors),
            map.Find("rule")?.AsScalar().AsText() ?? type,
            type,
            map.Require("tier").AsScalar().AsInteger(1, 4),
            map.Find("confidence")?.AsScalar().AsNumber(0, 1) ?? 1,
            map.Find("place")?.AsScalar().AsText() ?? "/messages/0/content");
    }
}
