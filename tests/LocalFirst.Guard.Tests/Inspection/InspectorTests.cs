using FsCheck.Xunit;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.Secrets;
using LocalFirst.Guard.Inspection.Views;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection;

public sealed class InspectorTests
{
    private static readonly Inspector Secrets = new([SecretsDetector.Default]);

    [Fact]
    public void Plain_prose_is_clean() =>
        Assert.Same(InspectionResult.Clean, Secrets.Inspect(new InspectionText("Please rename the method and add a test.")));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_token_is_found_below_levels_of_json_in_json(int levels)
    {
        var token = SomeSecret.GitHubToken();
        var text = SomeSecret.Nested($"{{\"key\":\"{token}\",\"next\":\"\u00e9\\n\"}}", levels);

        var finding = Assert.Single(Secrets.Inspect(new InspectionText(text)).Findings);

        Assert.Equal((text.IndexOf(token, StringComparison.Ordinal), token.Length), (finding.Start, finding.End - finding.Start));
        Assert.Equal((Tier.Verified, "github-personal-token", "secrets"), (finding.Tier, finding.Rule, finding.Detector));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_token_with_escaped_letters_is_found_and_mapped_back(int levels)
    {
        var token = SomeSecret.GitHubToken();
        var escaped = "\\u0067hp_" + token[4..];
        var text = "before " + SomeSecret.Nested("{\"key\":\"" + escaped + "\"}", levels - 1) + " after";

        var finding = Assert.Single(Secrets.Inspect(new InspectionText(text)).Findings);

        var start = text.IndexOf("u0067", StringComparison.Ordinal) - (1 << (levels - 1));
        Assert.Equal(start, finding.Start);
        Assert.Equal(text.IndexOf(token[4..], StringComparison.Ordinal) + token.Length - 4, finding.End);
    }

    [Fact]
    public void A_token_right_after_an_escaped_line_break_is_found()
    {
        var token = SomeSecret.GroqKey();
        var text = $"first line\\n{token}\\nlast line";

        var finding = Assert.Single(Secrets.Inspect(new InspectionText(text)).Findings);

        Assert.Equal(token, text[finding.Start..finding.End]);
    }

    [Fact]
    public void Text_escaped_deeper_than_any_view_reads_is_not_called_clean()
    {
        var text = SomeSecret.Nested("\\u0067hp_" + SomeSecret.GitHubToken()[4..], 5);

        var result = Secrets.Inspect(new InspectionText(text));

        Assert.Equal("The text is escaped more than 5 levels deep.", result.Failure);
    }

    [Fact]
    public void Rows_of_backslashes_are_read_to_their_end()
    {
        var result = Secrets.Inspect(new InspectionText(new string('\\', 200_000)));

        Assert.Null(result.Failure);
        Assert.Empty(result.Findings);
    }

    [Fact]
    public void One_place_gives_one_finding_the_strongest()
    {
        var findings = FindingMerge.KeepStrongest(
        [
            new Finding("secrets", "weak", "API_KEY", Tier.Context, 10, 30, 0.9),
            new Finding("secrets", "strong", "API_KEY", Tier.Verified, 12, 28, 0.9),
            new Finding("secrets", "elsewhere", "API_KEY", Tier.Hint, 28, 40, 0.1),
            new Finding("secrets", "other-type", "JWT", Tier.Context, 12, 28, 0.9),
            new Finding("pii", "other-detector", "API_KEY", Tier.Context, 0, 11, 0.9),
        ]);

        Assert.Equal(["other-detector", "strong", "other-type", "elsewhere"], findings.Select(finding => finding.Rule));
    }

    [Fact]
    public void A_detector_that_throws_is_named_and_the_others_still_look()
    {
        var token = SomeSecret.GitHubToken();
        var inspector = new Inspector([new ThrowingDetector(), SecretsDetector.Default]);

        var result = inspector.Inspect(new InspectionText($"key {token}"));

        Assert.Equal("The detector 'throwing' failed (InvalidOperationException).", result.Failure);
        Assert.DoesNotContain(token, result.Failure, StringComparison.Ordinal);
        Assert.Single(result.Findings);
    }

    [Fact]
    public void A_spent_work_budget_is_a_failure()
    {
        var inspector = new Inspector([SecretsDetector.Default], new InspectionOptions { BaseWorkUnits = 10, WorkUnitsPerCodeUnit = 0 });

        var result = inspector.Inspect(new InspectionText("A text of more than ten units."));

        Assert.Equal("The work budget of the inspection ended before the text did.", result.Failure);
    }

    public static TheoryData<string> AdversarialPieces =>
    [
        "sk-", "AKIA", "eyJ", "eyJ.", "\\", "\\\\\"", "\\u0067", "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN ", "://a:b", "://", "a://b:c@", "password=", "pwd=;server=a;",
        "authorization: bearer ", "secret_access_key = ", "sig=", "?sv=2024-01-01&sig=", "glpat-", "sk-proj-", "ghp_", "xoxb-1234567890-", "datadog", "cloudflare key ", ".G", "JQQJ99", "Q~7Q~8Q~",
        "hooks.slack.com/services/T", ":AA", "1:AA", "+ASt", "AccountKey=", "okta", "_auth=", "\n", "«", "\ud800", "a", "A1", "\0",
    ];

    [Theory]
    [MemberData(nameof(AdversarialPieces))]
    public void Two_hundred_kilobytes_of_one_piece_stay_within_the_work_budget(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length));

        var result = Secrets.Inspect(new InspectionText(text));

        Assert.Null(result.Failure);
        Assert.All(result.Findings, finding => Assert.InRange(finding.End, finding.Start + 1, text.Length));
    }

    [Fact]
    public void All_anchors_in_a_row_stay_within_the_work_budget()
    {
        var anchors = string.Join(' ', SecretRuleSet.BuiltIn.Anchors);
        var text = string.Concat(Enumerable.Repeat(anchors, 200_000 / anchors.Length));

        Assert.Null(Secrets.Inspect(new InspectionText(text)).Failure);
    }

    [Property(MaxTest = 300)]
    public bool Random_text_never_throws_and_spans_lie_inside_it(string? noise, int seed)
    {
        var text = Mix(noise ?? string.Empty, seed);
        var result = Secrets.Inspect(new InspectionText(text));
        return result.Failure is null or "The text is escaped more than 5 levels deep."
            && result.Findings.All(finding => finding.Start >= 0 && finding.Start < finding.End && finding.End <= text.Length)
            && result.Findings.Zip(result.Findings.Skip(1)).All(pair => pair.First.Start <= pair.Second.Start);
    }

    [Property(MaxTest = 100)]
    public bool The_same_text_gives_the_same_result(string? noise, int seed)
    {
        var text = Mix(noise ?? string.Empty, seed);
        return Secrets.Inspect(new InspectionText(text)).Findings.SequenceEqual(Secrets.Inspect(new InspectionText(text)).Findings);
    }

    [Property(MaxTest = 200)]
    public bool A_token_between_any_texts_is_found(string? before, string? after, int seed)
    {
        // A word or an escape that touches the token makes another token of it.
        var token = SomeSecret.GroqKey(seed);
        var (left, right) = (Words(before), Words(after));
        var text = $"{left} {token} {right}";
        return Secrets.Inspect(new InspectionText(text)).Findings.Any(finding => finding.Start <= left.Length + 1 && finding.End >= left.Length + 1 + token.Length);
    }

    private static string Words(string? text) => (text ?? string.Empty).Replace("\\", "/", StringComparison.Ordinal);

    /// <summary>Random noise holds no token: pieces of tokens, escapes and keywords are stirred in.</summary>
    private static string Mix(string noise, int seed)
    {
        var random = new Random(seed);
        string[] pieces = [.. SecretRuleSet.BuiltIn.Anchors, "\\", "\\u00", "\\n", "\"", "=", " ", "@", "-----", "."];
        return string.Concat(Enumerable.Range(0, 30).Select(_ => random.Next(3) switch
        {
            0 => noise,
            1 => pieces[random.Next(pieces.Length)],
            _ => SomeSecret.Letters(random.Next(80), random.Next()),
        }));
    }

    private sealed class ThrowingDetector : IDetector
    {
        public string Name => "throwing";

        public void Detect(TextView view, WorkBudget budget, ICollection<Finding> findings) => throw new InvalidOperationException(view.Text);
    }
}
