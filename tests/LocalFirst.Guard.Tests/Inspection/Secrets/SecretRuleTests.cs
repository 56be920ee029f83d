using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.Secrets;
using LocalFirst.Guard.Inspection.Views;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection.Secrets;

public sealed class SecretRuleTests
{
    private const string Valid = """
        [[rules]]
        id = "acme-key"
        description = "Acme key"
        type = "API_KEY"
        tier = "structural"
        prefixes = ["acme_"]
        charset = "base62"
        length = 24
        positive = [["ac", "me_h7Kq2Lw9sZt4Rb6Xn3Vc8Md1"]]
        negative = [["acme", "_short"]]
        """;

    public static TheoryData<string> RuleIds => [.. SecretRuleSet.BuiltIn.Rules.Select(rule => rule.Id)];

    [Theory]
    [MemberData(nameof(RuleIds))]
    public void A_rule_finds_the_value_of_each_positive_example(string id)
    {
        var rule = RuleOf(id);
        foreach (var example in rule.Positive)
        {
            var found = FindWith(rule, example.Text);
            Assert.True(
                found.Any(finding => finding.Start == example.Start && finding.End == example.End),
                $"{id} finds {string.Join(", ", found.Select(finding => $"{finding.Start}..{finding.End}"))} instead of {example.Start}..{example.End}");
        }
    }

    [Theory]
    [MemberData(nameof(RuleIds))]
    public void A_rule_finds_nothing_in_its_negative_examples(string id)
    {
        var rule = RuleOf(id);
        foreach (var example in rule.Negative)
        {
            Assert.Empty(FindWith(rule, example));
        }
    }

    [Theory]
    [MemberData(nameof(RuleIds))]
    public void All_rules_together_still_find_each_positive_example(string id)
    {
        foreach (var example in RuleOf(id).Positive)
        {
            Assert.Contains(Find(SecretsDetector.Default, example.Text), finding => finding.Start < example.End && finding.End > example.Start);
        }
    }

    [Theory]
    [MemberData(nameof(RuleIds))]
    public void A_rule_with_a_checksum_proves_its_examples(string id)
    {
        var rule = RuleOf(id);
        if (rule.Proof is { } proof)
        {
            Assert.All(rule.Positive, example => Assert.True(proof(example.Text.AsSpan(example.Start, example.End - example.Start)), id));
        }
    }

    [Fact]
    public void More_than_thirty_rules_are_anchored_to_a_prefix() =>
        Assert.True(SecretRuleSet.BuiltIn.Rules.Count(rule => rule.Matcher is TokenMatcher or PemMatcher) >= 100);

    [Theory]
    [InlineData("positive = [[\"ac\"", "positive_ = [[\"ac\"", "'positive_' is not known")]
    [InlineData("negative = [[\"acme\", \"_short\"]]", "", "at least one positive and one negative example")]
    [InlineData("charset = \"base62\"", "charset = \"base63\"", "charset 'base63' is not one of")]
    [InlineData("length = 24", "length = [9, 4]", "the least first")]
    [InlineData("tier = \"structural\"", "tier = \"sure\"", "tier 'sure' is not one of")]
    [InlineData("prefixes = [\"acme_\"]", "prefixes = []", "'prefixes' needs at least one")]
    [InlineData("length = 24", "length = 24\nproof = \"crc\"", "proof 'crc' is not one of")]
    [InlineData("charset = \"base62\"\nlength = 24\nprefixes", "regex = '('\nkeywords", "'regex' is not valid")]
    [InlineData("id = \"acme-key\"", "id = ", "not valid TOML")]
    public void A_wrong_rule_is_an_error_that_names_file_and_rule(string part, string replacement, string message)
    {
        var toml = Valid.Replace("prefixes = [\"acme_\"]\ncharset = \"base62\"\nlength = 24", "charset = \"base62\"\nlength = 24\nprefixes = [\"acme_\"]", StringComparison.Ordinal);
        var wrong = toml.Replace(part, replacement, StringComparison.Ordinal);
        Assert.NotEqual(toml, wrong);

        var error = Assert.Throws<SecretRuleException>(() => SecretRuleSet.Read([("acme.toml", wrong)]));

        Assert.Contains("acme.toml", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        if (!message.Contains("TOML", StringComparison.Ordinal))
        {
            Assert.Contains("'acme-key'", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Two_rules_of_one_name_are_an_error() =>
        Assert.Contains(
            "another rule has this id",
            Assert.Throws<SecretRuleException>(() => SecretRuleSet.Read([("a.toml", Valid), ("b.toml", Valid)])).Message,
            StringComparison.Ordinal);

    private static SecretRule RuleOf(string id) => SecretRuleSet.BuiltIn.Rules.Single(rule => rule.Id == id);

    private static List<Finding> FindWith(SecretRule rule, string text) =>
        [.. Find(new SecretsDetector(SecretRuleSet.BuiltIn.Only(rule.Id)), text)];

    private static List<Finding> Find(SecretsDetector detector, string text)
    {
        var findings = new List<Finding>();
        detector.Detect(TextView.Identity(new InspectionText(text)), new WorkBudget(10_000_000), findings);
        return findings;
    }
}
