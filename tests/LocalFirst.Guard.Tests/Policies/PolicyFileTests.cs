using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Testing;
using LocalFirst.Guard.Policies.Yaml;
using Xunit;

namespace LocalFirst.Guard.Tests.Policies;

public sealed class PolicyFileTests
{
    private const string Head = "name: p\nversion: \"1\"\nrules:\n";

    public static TheoryData<string> BuiltIns => [.. PolicyFile.BuiltInNames];

    [Fact]
    public void Default_and_strict_are_built_in() => Assert.Equal(["default", "strict"], PolicyFile.BuiltInNames);

    [Theory]
    [MemberData(nameof(BuiltIns))]
    public void A_built_in_policy_decides_what_its_examples_say(string name)
    {
        var results = PolicyTestFile.BuiltIn(name).Run();
        Assert.NotEmpty(results);
        Assert.All(results, r => Assert.True(r.Failure is null, $"{r.Case.Place}: {r.Case.Name}: {r.Failure}"));
    }

    [Theory]
    [MemberData(nameof(BuiltIns))]
    public void Every_rule_of_a_built_in_policy_takes_part_in_an_example(string name)
    {
        var file = PolicyTestFile.BuiltIn(name);
        var used = file.Run().SelectMany(r => r.Verdict.Reasons).Select(r => r.RuleId).ToHashSet();
        Assert.All(file.Policy.Rules, r => Assert.Contains(r.Id, used));
    }

    [Fact]
    public void Every_field_reads_one_value_or_several()
    {
        var policy = PolicyFile.Parse(
            Head
            + "  - {id: a, when: {detector: pii, type: \"*\", tier: 2, confidence: \">= 0.5\", state: partial, phase: planning, client: codex, provider: openai}, then: block, reason: one}\n"
            + "  - {id: b, when: {detector: [pii, code], type: [A, B], tier: [1, 4], state: [partial, complete], phase: [planning, unknown], client: [x, unknown], provider: \"*\"}, then: local, reason: several}\n"
            + "  - {id: c, when: {tier: 1..3}, then: allow, reason: range}\n",
            "p.yaml");
        Assert.Equal(new ConfidenceRange(">=", 0.5), policy.Rules[0].When.Confidence);
        Assert.Equal([2], policy.Rules[0].When.Tiers!);
        Assert.Equal([1, 4], policy.Rules[1].When.Tiers!);
        Assert.Equal(["x", "unknown"], policy.Rules[1].When.Clients!);
        Assert.Equal([1, 2, 3], policy.Rules[2].When.Tiers!);
        Assert.Equal(6, policy.Rules[2].Line);
    }

    [Theory]
    [InlineData("rulez: []\n", "p.yaml:1:1: rulez", "Did you mean 'rules'?")]
    [InlineData("name: p\nversion: \"1\"\n", "p.yaml:1:1: 'rules' is missing", "Add 'rules: …'")]
    [InlineData("name: p\nversion: 1.0\nrules: []\n", "p.yaml:2:10: version", "\"1.0\"")]
    [InlineData("name: p\nname: q\n", "p.yaml:2:1: name", "line 1")]
    [InlineData("name: Bad Name\nversion: \"1\"\nrules: []\n", "p.yaml:1:7: name", "lower-case")]
    [InlineData("name: p\nversion: \"1\"\nrules: {}\n", "p.yaml:3:8: rules", "a list is expected")]
    [InlineData(Head + "  - {id: a, when: {tier: 1}, then: alow, reason: r}\n", "p.yaml:4:36: rules[0].then", "Did you mean 'allow'?")]
    [InlineData(Head + "  - {id: a, wen: {tier: 1}, then: allow, reason: r}\n", "p.yaml:4:13: rules[0].wen", "Did you mean 'when'?")]
    [InlineData(Head + "  - {id: a, when: {detectr: pii}, then: allow, reason: r}\n", "p.yaml:4:20: rules[0].when.detectr", "Did you mean 'detector'?")]
    [InlineData(Head + "  - {id: a, when: {}, then: allow, reason: r}\n", "p.yaml:4:19: rules[0].when", "provider: \"*\"")]
    [InlineData(Head + "  - {id: a, when: {tier: 5}, then: allow, reason: r}\n", "rules[0].when.tier", "1..3")]
    [InlineData(Head + "  - {id: a, when: {tier: 3..1}, then: allow, reason: r}\n", "rules[0].when.tier", "1..3")]
    [InlineData(Head + "  - {id: a, when: {tier: []}, then: allow, reason: r}\n", "rules[0].when.tier", "nothing can ever match")]
    [InlineData(Head + "  - {id: a, when: {confidence: 0.5}, then: allow, reason: r}\n", "rules[0].when.confidence", ">= 0.5")]
    [InlineData(Head + "  - {id: a, when: {confidence: \">= 2\"}, then: allow, reason: r}\n", "rules[0].when.confidence", "from 0 to 1")]
    [InlineData(Head + "  - {id: a, when: {type: api_key}, then: allow, reason: r}\n", "rules[0].when.type", "capitals")]
    [InlineData(Head + "  - {id: a, when: {state: broken}, then: allow, reason: r}\n", "rules[0].when.state", "undecodable")]
    [InlineData(Head + "  - {id: a, when: {client: \"a\\nb\"}, then: allow, reason: r}\n", "rules[0].when.client", "one line")]
    [InlineData(Head + "  - {id: built-in:clean, when: {tier: 1}, then: allow, reason: r}\n", "rules[0].id", "plain name")]
    [InlineData(Head + "  - {id: a, when: {tier: 1}, then: allow, reason: r}\n  - {id: a, when: {tier: 1}, then: allow, reason: r}\n", "p.yaml:5:10: rules[1].id", "line 4")]
    [InlineData(Head + "  - {id: a, when: {tier: 1}, then: allow, reason: \"\"}\n", "rules[0].reason", "empty")]
    [InlineData(Head + "  - &x {id: a, when: {tier: 1}, then: allow, reason: r}\n", "p.yaml:4:5: rules[0]", "anchors")]
    [InlineData(Head + "  - *x\n", "p.yaml:4:5: rules[0]", "aliases")]
    [InlineData(Head + "  - {<<: {id: a}}\n", "p.yaml:4:6: rules[0].<<", "merge keys")]
    [InlineData("name: !!str p\n", "p.yaml:1:7: name", "tags")]
    [InlineData("", "p.yaml:1:1", "empty")]
    [InlineData("a: b\n---\nc: d\n", "p.yaml:2:1", "second document")]
    [InlineData("name: [\n", "p.yaml:", "not YAML")]
    [InlineData("name: p\n\tversion: x\n", "p.yaml:2:1", "Indent with spaces")]
    [InlineData("just text\n", "p.yaml:1:1", "a mapping is expected")]
    public void An_error_names_file_line_field_and_mend(string text, string where, string mend)
    {
        var error = Assert.Throws<YamlFileException>(() => PolicyFile.Parse(text, "p.yaml"));
        Assert.Contains(where, error.Message, StringComparison.Ordinal);
        Assert.Contains(mend, error.Message, StringComparison.Ordinal);
        Assert.Contains("\n  → ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hostile_file_is_refused_before_it_costs_anything()
    {
        foreach (var text in new[]
        {
            new string('[', 200_000),
            string.Concat(Enumerable.Repeat("- ", 50_000)),
            string.Concat(Enumerable.Repeat("a: {", 500)),
            new string('x', YamlReader.MaxBytes + 1),
            Head + string.Concat(Enumerable.Range(0, PolicyFile.MaxRules + 1).Select(i => $"  - {{id: r{i}, when: {{tier: 1}}, then: allow, reason: r}}\n")),
            "a: &a [x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n",
            "? {a: b}\n: c\n",
            "name: \"\\uD800\"\n",
        })
        {
            Assert.Throws<YamlFileException>(() => PolicyFile.Parse(text, "p.yaml"));
        }

        Assert.Throws<YamlFileException>(() => PolicyFile.Parse([0x6e, 0xff, 0xfe], "p.yaml"));
    }

    [Fact]
    public void Random_damage_never_gives_anything_but_a_clear_error()
    {
        var random = new Random(20261122);
        var seeds = new[] { "default.yaml", "strict.yaml", "default.tests.yaml" }.Select(PolicyFile.BuiltInBytes).ToArray();
        var pieces = new[] { "[", "]", "{", "}", ": ", "- ", "&a ", "*a", "<<: ", "!!x ", "|\n", ">\n", "\"", "'", "\t", "\n", "#", "? ", "---\n", "%YAML 1.2\n", "\u0000", "\u2028", "\ud83d\ude00" };
        var (refused, read) = (0, 0);
        for (var i = 0; i < 4000; i++)
        {
            var bytes = seeds[random.Next(seeds.Length)].ToList();
            for (var edits = random.Next(1, 6); edits > 0; edits--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0:
                        bytes[at] = (byte)random.Next(256);
                        break;
                    case 1:
                        bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(1, 40)));
                        break;
                    case 2:
                        bytes.InsertRange(at, System.Text.Encoding.UTF8.GetBytes(pieces[random.Next(pieces.Length)]));
                        break;
                    default:
                        bytes.RemoveRange(at, bytes.Count - at);
                        break;
                }

                if (bytes.Count == 0)
                {
                    break;
                }
            }

            try
            {
                PolicyFile.Parse([.. bytes], "p.yaml");
                PolicyTestFile.Parse([.. bytes], "p.yaml");
                read++;
            }
            catch (YamlFileException e)
            {
                Assert.StartsWith("p.yaml:", e.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.True(refused > 1000, $"{refused} refused, {read} read");
    }

    [Fact]
    public void A_missing_file_is_told_with_the_mend()
    {
        var error = Assert.Throws<PolicyException>(() => PolicyFile.Load("/no/such/policy.yaml"));
        Assert.Contains("/no/such/policy.yaml", error.Message, StringComparison.Ordinal);
        Assert.Contains("strict", error.Message, StringComparison.Ordinal);
        Assert.Throws<PolicyException>(() => PolicyFile.Load(Path.GetTempPath()));
        Assert.Throws<PolicyException>(() => PolicyFile.BuiltIn("nope"));
    }

    [Fact]
    public void A_byte_order_mark_and_windows_line_ends_are_read()
    {
        var policy = PolicyFile.Parse("\uFEFF" + (Head + "  - {id: a, when: {tier: 1}, then: allow, reason: r}\n").ReplaceLineEndings("\r\n"), "p.yaml");
        Assert.Equal("r", Assert.Single(policy.Rules).Reason);
    }
}
