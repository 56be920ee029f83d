using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.Secrets;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection.Secrets;

public sealed class SecretsDetectorTests
{
    private static readonly Inspector Secrets = new([SecretsDetector.Default]);

    [Fact]
    public void A_token_whose_checksum_holds_is_verified()
    {
        var finding = Assert.Single(Find(SomeSecret.GitHubToken()));

        Assert.Equal((Tier.Verified, "API_KEY"), (finding.Tier, finding.Type));
        Assert.True(finding.Confidence > 0.98);
    }

    [Fact]
    public void A_token_whose_checksum_fails_is_a_weaker_finding()
    {
        var token = SomeSecret.GitHubToken();
        var altered = token[..10] + (token[10] == 'a' ? 'b' : 'a') + token[11..];

        Assert.Equal(Tier.Context, Assert.Single(Find(altered)).Tier);
    }

    [Theory]
    [InlineData("AKIA", "IOSFODNN7EXAMPLE")]
    [InlineData("sk-", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    [InlineData("sk-", "...xxxx")]
    [InlineData("sk-proj-", "your-project-key-goes-right-here-instead-of-this-text")]
    [InlineData("ghp_", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("ghp_", "abcabcabcabcabcabcabcabcabcabcabcabc")]
    [InlineData("hf_", "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX")]
    [InlineData("AIza", "Sy00000000000000000000000000000000000")]
    [InlineData("sk_live_", "REPLACE_ME")]
    [InlineData("postgres://user:", "password@localhost/db")]
    [InlineData("postgres://app:", "<password>@db/orders")]
    [InlineData("postgres://app:", "${DB_PASSWORD}@db/orders")]
    public void A_placeholder_is_no_finding(string prefix, string rest) =>
        Assert.Empty(Find($"key = \"{prefix}{rest}\""));

    [Fact]
    public void A_value_typed_by_hand_is_a_weak_finding() =>
        Assert.Equal(Tier.Context, Assert.Single(Find("ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789")).Tier);

    [Fact]
    public void A_token_inside_a_longer_word_is_no_token()
    {
        var token = SomeSecret.GitHubToken();

        Assert.Empty(Find("x" + token));
        Assert.Empty(Find(token + "andonitgoes"));
        Assert.Empty(Find("the ta" + "sk-" + SomeSecret.Letters(48, 3)));
    }

    [Fact]
    public void A_token_after_a_percent_escape_is_found() =>
        Assert.Single(Find($"?q=key%3D{SomeSecret.GitHubToken()}&x=1"));

    [Fact]
    public void The_most_telling_rule_speaks_for_a_place()
    {
        var key = "sk-" + "ant-" + "api03-" + SomeSecret.Letters(95, 4);

        Assert.Equal("anthropic-key", Assert.Single(Find(key)).Rule);
    }

    [Fact]
    public void A_private_key_inside_a_json_string_is_one_finding()
    {
        var rule = SecretRuleSet.BuiltIn.Rules.Single(rule => rule.Id == "private-key");
        var pem = rule.Positive[0].Text;
        var json = "{\"private_key\": \"" + SomeSecret.Nested(pem, 1) + "\"}";

        var finding = Assert.Single(Find(json));

        Assert.Equal((Tier.Verified, "PRIVATE_KEY"), (finding.Tier, finding.Type));
        Assert.StartsWith("-----BEGIN", json[finding.Start..finding.End], StringComparison.Ordinal);
        Assert.EndsWith("KEY-----", json[finding.Start..finding.End], StringComparison.Ordinal);
    }

    [Fact]
    public void A_private_key_that_is_cut_off_is_still_found()
    {
        var pem = SecretRuleSet.BuiltIn.Rules.Single(rule => rule.Id == "private-key").Positive[0].Text;

        Assert.Single(Find(pem[..150]));
    }

    [Theory]
    [InlineData("aws-access-key-id")]
    [InlineData("url-password")]
    [InlineData("json-web-token")]
    [InlineData("openai-key")]
    public void An_example_is_found_at_every_place_of_a_long_text(string id)
    {
        var example = SecretRuleSet.BuiltIn.Rules.Single(rule => rule.Id == id).Positive[0];
        var filler = string.Concat(Enumerable.Repeat("The quick brown fox; jumps over\n", 40));
        for (var at = 0; at < filler.Length; at += 97)
        {
            var text = $"{filler[..at]}\n{example.Text}\n{filler[at..]}";
            Assert.Contains(Find(text), finding => finding.Start == at + 1 + example.Start && finding.End == at + 1 + example.End);
        }
    }

    private static IReadOnlyList<Finding> Find(string text) => Secrets.Inspect(new InspectionText(text)).Findings;
}
