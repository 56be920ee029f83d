using System.Globalization;
using FsCheck.Xunit;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.Pii;
using LocalFirst.Guard.Inspection.Views;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection.Pii;

public sealed class PiiDetectorTests
{
    [Theory]
    [InlineData("d41d8cd98f00b204e9800998ecf8427e  ./file")]
    [InlineData("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    [InlineData("\"integrity\": \"sha512-4111111111111111AbCdEf/1234567890==\",")]
    [InlineData("\"lodash@^4.17.21\": resolved \"https://registry.yarnpkg.com/lodash/-/lodash-4.17.21.tgz#679591c564c3bffaae8454cf0b3df370c3d6911c\"")]
    [InlineData("commit 4539578763621486453957876362148645395787 (HEAD -> main)")]
    [InlineData("3f2504e0-4f89-41d3-9a0c-030578763621, 12345678-1234-1234-1234-123456789012")]
    [InlineData("2026-11-22T21:22:57.123456789Z INFO pid=41234 10.0.12.255:54321 GET /v1/2127365000")]
    [InlineData("ts=1700000000000 end=1700000000123456 seq=20240115102030")]
    [InlineData("pi = 3.14159265358979323846; e = 2.718281828459045; x = -0.4111111111111111")]
    [InlineData("function(e){return e.t=1e3,e.n=2147483647,0x7fffffff&e.u>>>16}var a=[4294967295,16777215,65535];")]
    [InlineData("version 10.0.401.2231, net10.0, v1.2.3-beta.4+20240115, 120.0.6099.109")]
    [InlineData("255.255.255.0 192.168.1.1/24 fe80::1234:5678:9abc:def0 127.0.0.1:8899")]
    [InlineData("const long Max = 9_223_372_036_854_775_807; var id = 9007199254740993;")]
    [InlineData("00000000  41 11 11 11 11 11 11 11  20 24 01 15 10 20 30 40  |A.......|")]
    [InlineData("M12.5 34.6 78.123 456.7890 L 12 736 500 z\" fill=\"#123456\"")]
    [InlineData("@@ -128,12 +4155,55 @@ class Foo")]
    [InlineData("INSERT INTO t VALUES (1, 2127365000, 536228726, '2024-01-15', 0.25);")]
    public void Code_logs_and_lock_files_are_silent(string line) => Assert.Empty(PiiScanner.Types(line));

    [Theory]
    [InlineData(" ")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("\u00A0")]
    [InlineData("\u202F")]
    public void A_card_is_found_with_every_separator(string separator) =>
        Assert.Equal(["CREDIT_CARD"], PiiScanner.Types($"pay with {string.Join(separator, "4539", "5787", "6362", "1486")} now"));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("\u00A0")]
    public void An_iban_is_found_with_every_separator(string separator) =>
        Assert.Equal(["IBAN_CODE"], PiiScanner.Types($"to {string.Join(separator, "DE89", "3704", "0044", "0532", "0130", "00")}, please"));

    [Fact]
    public void Cards_side_by_side_are_found_one_by_one() =>
        Assert.Equal(
            ["4012888888881881", "4012-8888-8888-1881", "4012 8888 8888 1881"],
            PiiScanner.Values("4012888888881881 4012-8888-8888-1881 4012 8888 8888 1881"));

    [Fact]
    public void A_published_test_card_acts_under_a_rule_of_its_own()
    {
        var finding = Assert.Single(PiiScanner.Scan("card 4111 1111 1111 1111"));
        Assert.Equal(("credit-card-test", "CREDIT_CARD", Tier.Verified), (finding.Rule, finding.Type, finding.Tier));
    }

    [Theory]
    [InlineData("x4539578763621486")]
    [InlineData("45395787636214861")]
    [InlineData("4539578763621486a")]
    [InlineData("1-4539578763621486-2")]
    [InlineData("0.4539578763621486")]
    public void A_card_inside_something_longer_is_none(string text) => Assert.DoesNotContain("CREDIT_CARD", PiiScanner.Types(text));

    [Theory]
    [InlineData("900-12-3456")]
    [InlineData("666-12-3456")]
    [InlineData("000-12-3456")]
    [InlineData("536-00-3456")]
    [InlineData("536-22-0000")]
    public void A_social_security_number_that_is_never_issued_is_none(string number) => Assert.Empty(PiiScanner.Types($"ssn {number}"));

    [Fact]
    public void Bare_digits_are_what_the_nearest_word_says() =>
        Assert.Equal(["12345678"], PiiScanner.Values("card number 12345678 and phone number 12345678").Skip(0).TakeLast(1));

    [Theory]
    [InlineData("customerSsn = 536228726")]
    [InlineData("CUSTOMER_SSN: '536228726'")]
    [InlineData("{\"social_security\":\"536228726\"}")]
    public void A_field_name_is_a_telling_word(string text) => Assert.Equal(["US_SSN"], PiiScanner.Types(text));

    [Fact]
    public void Four_thousand_dots_and_at_signs_cost_no_more_than_other_text() =>
        Assert.Empty(PiiScanner.Types(new string('.', 4_000) + new string('@', 4_000)));

    [Theory]
    [InlineData("1")]
    [InlineData("1 ")]
    [InlineData("@")]
    [InlineData("a@")]
    [InlineData("a.")]
    [InlineData("+1")]
    [InlineData("(212) 736-")]
    [InlineData("+1 212 736 5000 ")]
    [InlineData("212-736-5000 ")]
    [InlineData("phone 212 736 ")]
    [InlineData("4111 1111 1111 1112 ")]
    [InlineData("DE89 3704 0044 ")]
    [InlineData("DE89")]
    [InlineData("1.1.")]
    [InlineData("2024-01-")]
    [InlineData("ssn 123-45-")]
    [InlineData("12345678-1234-")]
    public void Crafted_text_stays_within_the_budget(string piece)
    {
        // The scanner's budget throws when it ends.
        var text = string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length));
        PiiScanner.Scan(text);
    }

    [Fact]
    public void The_budget_bounds_the_work()
    {
        var view = TextView.Identity(new InspectionText(new string('x', 1_000)));
        Assert.Throws<WorkBudgetExhaustedException>(() => new PiiDetector().Detect(view, new WorkBudget(10), new List<Finding>()));
    }

    [Fact]
    public void Spans_of_a_decoded_view_point_into_the_original()
    {
        const string Original = "\\u0034111 1111 1111 1111";
        const string Decoded = "4111 1111 1111 1111";
        int[] starts = [0, .. Enumerable.Range(6, Decoded.Length)];
        var findings = new List<Finding>();
        new PiiDetector().Detect(TextView.Decoded(new InspectionText(Original), Decoded, starts), new WorkBudget(100_000), findings);
        var finding = Assert.Single(findings);
        Assert.Equal((0, Original.Length), (finding.Start, finding.End));
    }

    [Property(MaxTest = 300)]
    public bool Any_text_gives_ordered_spans_inside_it_and_twice_the_same(string? text)
    {
        var findings = PiiScanner.Scan(text ?? string.Empty);
        return IsSound(text ?? string.Empty, findings) && findings.SequenceEqual(PiiScanner.Scan(text ?? string.Empty));
    }

    [Property(MaxTest = 300)]
    public bool Any_mixture_of_pieces_cut_anywhere_is_sound(int seed)
    {
        string[] pieces =
        [
            "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "536-22-8726", "+1 212-736-5000", "(212) 736-5000", "jane.doe@contoso-bank.com", "ssn ", "phone: ", "card ", "x", "-", ".", " ", "\n", "@",
            "+", "(", ")", "0", "12", "123", "2024-01-15", "10:20:30", "10.0.0.1", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "x123", " ext. 9", "ü", "\uD83D", "\uDE00", "電話",
        ];
        var random = new Random(seed);
        var text = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => pieces[random.Next(pieces.Length)]));
        var cut = text[random.Next(text.Length)..];
        return IsSound(text, PiiScanner.Scan(text)) && IsSound(cut, PiiScanner.Scan(cut));
    }

    [Fact]
    public void The_result_does_not_depend_on_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("tr-TR");
            Assert.Equal(["IBAN_CODE", "EMAIL_ADDRESS"], PiiScanner.Types("IBAN li21088100002324013aa ".ToUpperInvariant() + "INGRID@CONTOSO-BANK.IT"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static bool IsSound(string text, IReadOnlyList<Finding> findings)
    {
        var end = 0;
        foreach (var finding in findings)
        {
            if (finding.Start < end || finding.End <= finding.Start || finding.End > text.Length || finding.Confidence is < 0 or > 1)
            {
                return false;
            }

            end = finding.End;
        }

        return true;
    }
}
