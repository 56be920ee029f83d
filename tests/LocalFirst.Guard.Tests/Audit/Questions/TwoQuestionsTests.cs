using FsCheck;
using FsCheck.Fluent;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Questions;
using Xunit;
using static LocalFirst.Guard.Tests.Audit.Questions.QuestionRecords;

namespace LocalFirst.Guard.Tests.Audit.Questions;

public sealed class TwoQuestionsTests
{
    [Fact]
    public async Task Each_end_of_a_request_is_counted_as_what_it_is()
    {
        var answer = await new QuestionRecords()
            .Add(Decision("left")).Add(Outcome("left"))
            .Add(Decision("get")).Add(Outcome("get", bytes: 0))
            .Add(Decision("cut")).Add(Outcome("cut", "cancelled", 7))
            .Add(Decision("gone")).Add(Outcome("gone", "cancelled", 0))
            .Add(Decision("down")).Add(Outcome("down", "failed", 0))
            .Add(Decision("local", "local")).Add(Outcome("local", "answered-locally", 0))
            .Add(Decision("refused", "block")).Add(Outcome("refused", "refused", 0))
            .Add(Decision("running"))
            .Add(Decision("killed", "block"))
            .AskAsync();
        var group = Assert.Single(answer.Groups);
        Assert.Equal(answer.Totals, group.Counts);
        Assert.Equal(
            new QuestionCounts { Requests = 9, Left = 3, BytesOut = 107, Local = 1, Refused = 1, Failed = 2, NoOutcome = 2, MayHaveLeft = 1 },
            answer.Totals);
        Assert.Equal((9, 7), (answer.Records.Decisions, answer.Records.Outcomes));
    }

    [Fact]
    public async Task A_retried_request_is_one_request_and_the_bytes_of_its_attempts_add_up()
    {
        var answer = await new QuestionRecords()
            .Add(Decision("r")).Add(Outcome("r", "failed", 40))
            .Add(Decision("r") with { Attempt = 2 }).Add(Outcome("r", "failed", 0))
            .Add(Decision("r") with { Attempt = 3 }).Add(Outcome("r", "forwarded", 100))
            .AskAsync();
        Assert.Equal((1, 2, 1, 140), (answer.Totals.Requests, answer.Totals.Retries, answer.Totals.Left, answer.Totals.BytesOut));
        Assert.Equal(0, answer.Totals.Failed);
    }

    [Fact]
    public async Task What_left_although_something_was_found_is_told_with_kind_and_rule()
    {
        var answer = await new QuestionRecords()
            .Add(Decision("a", findings: 5)).Add(Outcome("a"))
            .Add(Decision("b", findings: 1)).Add(Outcome("b"))
            .Add(Decision("kept", "local", 3)).Add(Outcome("kept", "answered-locally", 0))
            .Add(Decision("open", findings: 2))
            .AskAsync();
        Assert.Equal((2, 6, 1), (answer.Totals.FlaggedLeft, answer.Totals.FlaggedFindings, answer.Totals.FlaggedMayHaveLeft));
        Assert.Equal(
            [("(not listed in the record)", "internal-hosts-ok", 1L, 3L), ("aws-key", "internal-hosts-ok", 2L, 3L)],
            answer.Flagged.Select(f => (f.Type, f.Rule, f.Requests, f.Findings)));
        Assert.Equal(["a", "b"], answer.FlaggedExchanges.Select(f => f.Exchange));
        Assert.Equal("2 of 2 requests left although something had been found (6 findings). Of 1 more the end is not recorded.", QuestionWords.Leaving(answer.Totals));
    }

    [Fact]
    public async Task A_retry_that_stays_does_not_hide_an_attempt_that_left_flagged()
    {
        var answer = await new QuestionRecords()
            .Add(Decision("r", findings: 1)).Add(Outcome("r", "failed", 10))
            .Add(Decision("r", "local") with { Attempt = 2 }).Add(Outcome("r", "answered-locally", 0))
            .AskAsync();
        Assert.Equal((1, 1, 0), (answer.Totals.Left, answer.Totals.FlaggedLeft, answer.Totals.Local));
    }

    [Fact]
    public async Task Requests_read_without_a_schema_are_told_with_their_bytes()
    {
        var answer = await new QuestionRecords()
            .Add(Decision("p", state: "partial")).Add(Outcome("p", bytes: 33))
            .Add(Decision("q", "local", state: "partial")).Add(Outcome("q", "answered-locally", 0))
            .Add(Decision("c")).Add(Outcome("c", bytes: 5))
            .AskAsync();
        Assert.Equal((1, 33, 38), (answer.Totals.PartialLeft, answer.Totals.PartialBytes, answer.Totals.BytesOut));
    }

    [Fact]
    public async Task A_request_belongs_to_the_period_of_its_decision_and_its_end_may_come_after_it()
    {
        var edge = November.To;
        var records = new QuestionRecords()
            .Add(Outcome("before") with { Time = November.From })
            .Add(Decision("last") with { Time = edge.AddMilliseconds(-1) })
            .Add(Decision("next") with { Time = edge })
            .Add(Outcome("last") with { Time = edge.AddMinutes(20) })
            .Add(Outcome("next") with { Time = edge.AddMinutes(21) });
        var november = await records.AskAsync();
        var december = await records.AskAsync(period: new QuestionPeriod(edge, edge.AddDays(31)));
        Assert.Equal((1, 1, 100), (november.Totals.Requests, november.Totals.Left, november.Totals.BytesOut));
        Assert.Equal((1, 1, 100), (december.Totals.Requests, december.Totals.Left, december.Totals.BytesOut));
    }

    [Theory]
    [InlineData("d1", null, null, null, 2)]
    [InlineData(null, "eve@example.test", null, null, 1)]
    [InlineData(null, null, "openai", null, 2)]
    [InlineData(null, null, null, "codex", 1)]
    [InlineData("d1", null, "anthropic", null, 1)]
    [InlineData(null, null, "nobody", null, 0)]
    public async Task A_filter_lets_its_exchanges_through_and_says_how_many_it_did_not(string? device, string? person, string? provider, string? client, int expected)
    {
        var answer = await new QuestionRecords()
            .Add(Decision("a")).Add(Outcome("a"))
            .Add(Decision("b", provider: "anthropic") with { Client = "codex" }).Add(Outcome("b"))
            .Add(Decision("a"), "d2", "eve@example.test").Add(Outcome("a"), "d2", "eve@example.test")
            .AskAsync(new QuestionFilter(device, person, provider, client));
        Assert.Equal((expected, 3 - expected), (answer.Totals.Requests, answer.Records.Filtered));
        Assert.Equal(expected, answer.Records.Outcomes);
        Assert.Equal(expected * 100, answer.Totals.BytesOut);
    }

    [Fact]
    public async Task Records_that_cannot_be_read_make_the_answer_say_that_it_is_not_whole()
    {
        var answer = await new QuestionRecords().Add(new UnknownRecord("decision") { Time = Noon }).AskAsync();
        Assert.Equal((1, 0), (answer.Records.Unreadable, answer.Totals.Requests));
        Assert.False(answer.IsWhole);
        Assert.Equal("There is no log. Records that this version cannot read: 1.", QuestionWords.Whole(answer));
    }

    [Fact]
    public async Task Terms_that_nobody_looked_up_are_unknown_and_stale_ones_say_so()
    {
        var records = new QuestionRecords().Add(Decision("a", terms: null)).Add(Outcome("a")).Add(Decision("b")).Add(Outcome("b"));
        var answer = await records.AskAsync();
        Assert.Equal("not known", QuestionWords.Trains(answer.Groups.Single(g => g.Reference is null).Terms));
        Assert.All(answer.Groups, g => Assert.False(g.IsStale));
        var late = await records.AskAsync(period: new QuestionPeriod(November.From, new DateTimeOffset(2027, 2, 22, 0, 0, 0, TimeSpan.Zero)));
        Assert.All(late.Groups, g => Assert.True(g.IsStale));
        Assert.EndsWith("(stale since 2027-02-21)", QuestionWords.Looked(late.Groups[0]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policies_are_told_with_their_first_and_last_decision()
    {
        var answer = await new QuestionRecords()
            .Add(Decision("a") with { Time = Noon.AddDays(2) }).Add(Decision("b"))
            .Add(Decision("c") with { Policy = "strict", Bundle = 3, Time = Noon.AddDays(5) })
            .AskAsync();
        Assert.Equal([("default", (long?)null, 2L, Noon, Noon.AddDays(2)), ("strict", 3L, 1L, Noon.AddDays(5), Noon.AddDays(5))], answer.Policies.Select(p => (p.Name, p.Bundle, p.Decisions, p.First, p.Last)));
    }

    [Fact]
    public async Task What_records_name_cannot_grow_the_answer_without_end()
    {
        var records = new QuestionRecords();
        for (var i = 0; i < QuestionPass.DefaultGroups + 500; i++)
        {
            records.Records.Add(new SourcedRecord("d1", null, 1, i, Decision($"x{i}", provider: $"p{i}"), default));
        }

        var answer = await records.AskAsync();
        Assert.Equal(QuestionPass.DefaultGroups + 1, answer.Groups.Count);
        Assert.Equal(500, answer.Groups.Single(g => g.Provider == QuestionPass.Others).Counts.Requests);
        Assert.Equal(QuestionPass.DefaultGroups + 500, answer.Totals.Requests);
    }

    [Fact]
    public async Task An_outcome_that_comes_behind_thousands_of_other_exchanges_finds_its_request_closed()
    {
        var records = new QuestionRecords();
        for (var i = 0; i < QuestionPass.DefaultWindow + 1; i++)
        {
            records.Records.Add(new SourcedRecord("d1", null, 1, i, Decision($"x{i}"), default));
        }

        records.Records.Add(new SourcedRecord("d1", null, 1, records.Records.Count, Outcome("x0"), default));
        records.Records.Add(new SourcedRecord("d1", null, 1, records.Records.Count, Outcome("x1"), default));
        var answer = await records.AskAsync();
        Assert.Equal((QuestionPass.DefaultWindow + 1, 1, 1), (answer.Totals.Requests, answer.Totals.Left, answer.Records.Outcomes));
    }

    [Fact]
    public async Task Hostile_sizes_neither_turn_a_sum_around_nor_subtract()
    {
        var answer = await new QuestionRecords()
            .Add(Decision("a")).Add(Outcome("a", bytes: (1L << 53) - 1))
            .Add(Decision("b")).Add(Outcome("b", bytes: (1L << 53) - 1))
            .Add(Decision("c")).Add(Outcome("c", bytes: -5))
            .AskAsync();
        Assert.Equal((1L << 53) - 1, answer.Totals.BytesOut);
    }

    [Fact]
    public void The_groups_add_up_to_the_total_and_the_ends_to_the_requests_whatever_the_records() =>
        Prop.ForAll(Streams(), stream =>
        {
            var records = new QuestionRecords();
            foreach (var (device, exchange, kind) in stream)
            {
                AuditRecord record = kind switch
                {
                    0 => Decision($"{exchange}"),
                    1 => Decision($"{exchange}", findings: 3, provider: "anthropic", terms: null),
                    2 => Decision($"{exchange}", "local", 1),
                    3 => Decision($"{exchange}", state: "partial") with { Attempt = 2 },
                    4 => Outcome($"{exchange}", "answered-locally", 0),
                    5 => Outcome($"{exchange}", "failed", 0),
                    6 => Outcome($"{exchange}", "refused", 0),
                    7 => Outcome($"{exchange}", "cancelled", exchange),
                    _ => Outcome($"{exchange}"),
                };
                records.Records.Add(new SourcedRecord($"d{device}", null, 1, records.Records.Count, record, default));
            }

            records.Records.Sort((a, b) => string.CompareOrdinal(a.Device, b.Device) is not 0 and var order ? order : a.LeafIndex.CompareTo(b.LeafIndex));
            var counted = 0L;
            var answer = records.AskAsync(each: _ =>
            {
                counted++;
                return ValueTask.CompletedTask;
            }).GetAwaiter().GetResult();
            var all = answer.Totals;
            Assert.Equal(all.Requests, all.Left + all.Local + all.Refused + all.Failed + all.NoOutcome);
            Assert.Equal(answer.Records.Decisions, all.Requests + all.Retries);
            Assert.Equal(counted, answer.Records.Decisions + answer.Records.Outcomes);
            Assert.Equal(all.Requests, answer.Groups.Sum(g => g.Counts.Requests));
            Assert.Equal(all.BytesOut, answer.Groups.Sum(g => g.Counts.BytesOut));
            Assert.Equal(all.FlaggedFindings, answer.Flagged.Sum(f => f.Findings));
            Assert.True(all.FlaggedLeft <= all.Left && all.MayHaveLeft <= all.NoOutcome && all.PartialBytes <= all.BytesOut);

            // Counted again, plainly: an exchange is one device's id that has a decision.
            Assert.Equal(all.Requests, records.Records.Where(r => r.Record is DecisionRecord).Select(r => (r.Device, ((DecisionRecord)r.Record).Exchange)).Distinct().LongCount());
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("2026-11-01", "2026-11-30", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")]
    [InlineData("2026-11-01T12:00:00Z", "2026-11-01T14:00:00+01:00", "2026-11-01T12:00:00Z", "2026-11-01T13:00:00Z")]
    [InlineData(null, null, "2026-10-24T00:00:00Z", "2026-11-23T00:00:00Z")]
    [InlineData("", "2026-01-31", "2026-01-02T00:00:00Z", "2026-02-01T00:00:00Z")]
    public void A_period_is_days_or_instants_in_utc(string? from, string? to, string begin, string end)
    {
        Assert.True(QuestionPeriod.TryParse(from, to, Some.Time, out var period, out _));
        Assert.Equal((begin, end), (QuestionPeriod.Instant(period!.From), QuestionPeriod.Instant(period.To)));
    }

    [Theory]
    [InlineData("2026-11-30", "2026-11-01")]
    [InlineData("yesterday", null)]
    [InlineData(null, "2026-11-31")]
    [InlineData("2026-11-01T12:00:00", null)]
    [InlineData(null, "9999-12-31")]
    public void What_is_no_period_is_refused_with_a_reason(string? from, string? to)
    {
        Assert.False(QuestionPeriod.TryParse(from, to, Some.Time, out var period, out var problem));
        Assert.Null(period);
        Assert.NotEmpty(problem!);
    }

    private static Arbitrary<(int Device, int Exchange, int Kind)[]> Streams() =>
        (from device in Gen.Choose(1, 2) from exchange in Gen.Choose(1, 6) from kind in Gen.Choose(0, 8) select (device, exchange, kind)).ArrayOf().ToArbitrary();
}
