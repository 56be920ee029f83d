using System.Text;
using System.Text.Json;
using FsCheck.Xunit;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Canonical;
using LocalFirst.Guard.Audit.Records;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

public sealed class RecordTests
{
    public static readonly TheoryData<AuditRecord> OneOfEach =
    [
        Some.Decision(),
        Some.Decision() with { Model = null, StateReason = "no decoder", Reasons = [], Findings = [], FindingCount = 0, Attempt = 2 },
        Some.Outcome(),
        Some.Outcome() with { Error = "upstream-timeout" },
        Some.Decision() with { Phase = "planning", Session = new string('0', 32), ModelSent = "claude-opus-4-8", Terms = "anthropic-commercial@2026-11-01", Bundle = 7 },
        Some.Outcome() with { Usage = new RecordedUsage("claude-opus-4-8", 12, 19250, 640, 412, 24_485_000, 24_485_000, "2026-11-22") },
        Some.Outcome() with { Usage = new RecordedUsage("new-model", 4100, 0, 0, 90, null, null, null, IsEstimate: true) },
        Some.Event(),
        new EpochRecord { Time = Some.Time, Epoch = 2, Reason = "rolled-back", Previous = "a\nb\n" },
    ];

    [Theory]
    [MemberData(nameof(OneOfEach), DisableDiscoveryEnumeration = true)]
    public void A_record_read_back_is_written_with_the_same_bytes(AuditRecord record)
    {
        var bytes = RecordWriter.Write(record);
        var read = RecordReader.Read(bytes);
        Assert.IsType(record.GetType(), read);
        Assert.Equal(Encoding.UTF8.GetString(bytes), Encoding.UTF8.GetString(RecordWriter.Write(read)));
    }

    [Theory]
    [MemberData(nameof(OneOfEach), DisableDiscoveryEnumeration = true)]
    public void A_record_s_bytes_are_canonical_and_hold_no_null(AuditRecord record)
    {
        var bytes = RecordWriter.Write(record);
        using var document = JsonDocument.Parse(bytes);
        Assert.Equal(bytes, CanonicalJson.Canonicalize(document.RootElement));
        Assert.DoesNotContain("null", Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
        Assert.Equal(1, document.RootElement.GetProperty("v").GetInt32());
        Assert.Equal(record.Type, document.RootElement.GetProperty("type").GetString());
    }

    [Fact]
    public void Time_is_utc_with_three_decimals_and_what_is_finer_is_cut_off()
    {
        var local = new DateTimeOffset(2026, 11, 22, 11, 0, 0, TimeSpan.FromHours(2)).AddTicks(1_239_999);
        Assert.Equal("2026-11-22T09:00:00.123Z", RecordWriter.Time(local));
    }

    [Fact]
    public void Too_many_findings_are_cut_from_the_weakest_end_and_their_count_is_kept()
    {
        var findings = Enumerable.Range(0, 100).Select(i => Some.Finding($"/messages/{i}")).ToList();
        var reasons = Enumerable.Range(0, 100).Select(i => Some.Reason($"reason {i}")).ToList();
        var bytes = RecordWriter.Write(Some.Decision() with { Findings = findings, FindingCount = 250, Reasons = reasons });
        var read = Assert.IsType<DecisionRecord>(RecordReader.Read(bytes));
        Assert.InRange(bytes.Length, 3700, RecordWriter.MaxBytes);
        Assert.Equal(250, read.FindingCount);
        Assert.Equal(100, read.ReasonCount);
        Assert.InRange(read.Findings.Count, 2, 99);
        Assert.InRange(read.Reasons.Count, 2, 99);
        Assert.Equal(findings.Take(read.Findings.Count), read.Findings);
        Assert.Equal(reasons.Take(read.Reasons.Count), read.Reasons);
    }

    [Property]
    public void Every_decision_fits_whatever_text_it_carries(string a, string b, int repeat, bool controls)
    {
        var text = string.Concat(Enumerable.Repeat((a ?? "") + (controls ? "\u0001" : "€") + b, 1 + (Math.Abs(repeat % 400))));
        var finding = new RecordedFinding(text, text, text, 1, 0.5, text, int.MaxValue, int.MaxValue, text);
        var record = Some.Decision(text) with
        {
            Client = text,
            Provider = text,
            Host = text,
            Method = text,
            Endpoint = text,
            Api = text,
            Entry = text,
            Model = text,
            State = text,
            StateReason = text,
            BodyHash = text,
            Policy = text,
            PolicyVersion = text,
            PolicyHash = text,
            Action = text,
            BodyBytes = long.MaxValue >> 11,
            Parts = int.MaxValue,
            FindingCount = int.MaxValue,
            Findings = [finding, finding, finding],
            Reasons = [new(text, text, text, text), new(text, text, text, text)],
            LatencyMs = 1e12 / 3,
            Phase = text,
            Session = text,
            ModelSent = text,
            Terms = text,
            Bundle = long.MaxValue,
        };
        var bytes = RecordWriter.Write(record);
        Assert.InRange(bytes.Length, 1, RecordWriter.MaxBytes);
        var read = Assert.IsType<DecisionRecord>(RecordReader.Read(bytes));
        Assert.NotEmpty(read.Reasons);
        Assert.NotEmpty(read.Findings);
        Assert.Equal(bytes, RecordWriter.Write(read));
    }

    [Fact]
    public void Every_event_and_outcome_fits_too()
    {
        var text = new string('\u0001', 10_000);
        Assert.InRange(RecordWriter.Write(Some.Event(text) with { Name = text }).Length, 1, RecordWriter.MaxBytes);
        Assert.InRange(RecordWriter.Write(Some.Outcome(text) with { Result = text, AnsweredBy = text, Error = text }).Length, 1, RecordWriter.MaxBytes);
        Assert.InRange(RecordWriter.Write(new EpochRecord { Time = Some.Time, Epoch = 2, Reason = text, Previous = text }).Length, 1, RecordWriter.MaxBytes);
    }

    [Fact]
    public void What_an_answer_claims_to_have_used_always_fits_and_never_makes_a_record_fail()
    {
        var text = new string('\u0001', 10_000);
        var usage = new RecordedUsage(text, long.MaxValue, long.MinValue, -1, long.MaxValue, long.MaxValue, long.MinValue, text, IsEstimate: true);
        var bytes = RecordWriter.Write(Some.Outcome(text) with { Result = text, AnsweredBy = text, Error = text, Usage = usage });
        Assert.InRange(bytes.Length, 1, RecordWriter.MaxBytes);
        var read = Assert.IsType<OutcomeRecord>(RecordReader.Read(bytes));
        Assert.Equal((RecordWriter.MaxCount, 0L, 0L), (read.Usage!.Input, read.Usage.CacheRead, read.Usage.CloudCostNanoUsd));
    }

    [Fact]
    public void A_usage_that_misses_a_count_makes_the_record_unknown_and_is_never_zero()
    {
        var usage = new RecordedUsage("m", 1, 2, 3, 4, null, null, null);
        var json = Encoding.UTF8.GetString(RecordWriter.Write(Some.Outcome() with { Usage = usage })).Replace("\"cache_read\":2,", "", StringComparison.Ordinal);
        Assert.IsType<UnknownRecord>(RecordReader.Read(Encoding.UTF8.GetBytes(json)));
    }

    [Theory]
    [InlineData("short", 8, "short")]
    [InlineData("exactly8", 8, "exactly8")]
    [InlineData("morethan8", 8, "moret…")]
    [InlineData("quote\"x", 8, "quote\"x")]
    [InlineData("quote\"xy", 8, "quote…")]
    [InlineData("😀😀😀", 8, "😀…")]
    public void Strings_are_cut_at_a_code_point_by_their_encoded_length(string text, int bytes, string expected) =>
        Assert.Equal(expected, RecordText.Bound(text, bytes));

    // A theory's data would lose the lone surrogate on the way.
    [Fact]
    public void A_lone_surrogate_becomes_the_replacement_character() =>
        Assert.Equal("a\ufffdb", RecordText.Bound("a\ud800b", 8));

    [Theory]
    [InlineData(0.125, "0.13")]
    [InlineData(0.2849, "0.28")]
    [InlineData(1.7, "1")]
    [InlineData(-3, "0")]
    [InlineData(double.NaN, "0")]
    public void Confidence_is_written_in_steps_of_a_hundredth(double confidence, string written)
    {
        var bytes = RecordWriter.Write(Some.Decision() with { Findings = [Some.Finding() with { Confidence = confidence }] });
        Assert.Contains($"\"confidence\":{written},", Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_members_are_ignored()
    {
        var json = Encoding.UTF8.GetString(RecordWriter.Write(Some.Outcome())).Replace("{\"answered_by\"", "{\"added_later\":[{}],\"answered_by\"", StringComparison.Ordinal);
        Assert.Equal(Some.Outcome(), RecordReader.Read(Encoding.UTF8.GetBytes(json)));
    }

    [Theory]
    [InlineData("""{"time":"2026-11-22T09:30:15.123Z","type":"heartbeat","v":1}""")]
    [InlineData("""{"time":"2026-11-22T09:30:15.123Z","type":"event","v":2}""")]
    [InlineData("""{"time":"2026-11-22T09:30:15.123Z","type":"event","v":1}""")]
    [InlineData("""{"findings":[1],"time":"2026-11-22T09:30:15.123Z","type":"decision","v":1}""")]
    public void A_record_of_another_type_version_or_shape_is_unknown(string json) =>
        Assert.IsType<UnknownRecord>(RecordReader.Read(Encoding.UTF8.GetBytes(json)));

    [Property]
    public void Bytes_that_are_no_record_are_a_format_error_and_nothing_else(byte[] bytes) =>
        Assert.Throws<FormatException>(() => RecordReader.Read(bytes));

    [Property]
    public void One_changed_byte_never_makes_the_reader_fail_otherwise(int position, byte value)
    {
        var bytes = RecordWriter.Write(Some.Decision());
        bytes[Math.Abs(position % bytes.Length)] = value;
        try
        {
            RecordReader.Read(bytes);
        }
        catch (FormatException)
        {
            // Said so: that is all right.
        }
    }
}
