using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Reports;
using LocalFirst.Guard.Reports.Pdf;
using LocalFirst.Guard.Tests.Audit;
using LocalFirst.Guard.Tests.Audit.Questions;
using UglyToad.PdfPig;
using Xunit;
using static LocalFirst.Guard.Tests.Audit.Questions.QuestionRecords;

namespace LocalFirst.Guard.Tests.Reports;

public sealed class ReportTests : IDisposable
{
    private const string Hostile = "=HYPERLINK(\"http://x\")<script>alert(1)</script>\u202e, \"quoted\"";

    private readonly TempLog _log = new();

    public static TheoryData<string> Formats => [.. ReportFormat.All.Select(f => f.Name)];

    public void Dispose() => _log.Dispose();

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task The_same_log_gives_the_same_bytes_in_any_culture_and_time_zone(string format)
    {
        await FillAsync();
        var first = await MakeAsync(format);
        var (culture, zone) = (CultureInfo.CurrentCulture, Environment.GetEnvironmentVariable("TZ"));
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = new CultureInfo("ar-SA");
            Environment.SetEnvironmentVariable("TZ", "Pacific/Auckland");
            TimeZoneInfo.ClearCachedData();
            Assert.Equal(Convert.ToHexString(SHA256.HashData(first)), Convert.ToHexString(SHA256.HashData(await MakeAsync(format))));
        }
        finally
        {
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = culture;
            Environment.SetEnvironmentVariable("TZ", zone);
            TimeZoneInfo.ClearCachedData();
        }
    }

    [Fact]
    public async Task Html_and_pdf_show_the_numbers_of_the_answer_and_the_checkpoint()
    {
        await FillAsync();
        var answer = await AnswerAsync();
        var html = Encoding.UTF8.GetString(await MakeAsync("html"));
        var pdf = Text(await MakeAsync("pdf"));
        Assert.Equal(121, answer.Totals.Requests);
        foreach (var text in new[] { "Population", "By provider and plan", "Exceptions", "Policies in force", QuestionWords.Leaving(answer.Totals), QuestionWords.Number(answer.Totals.BytesOut), answer.Policies[0].Name })
        {
            Assert.Contains(text, html, StringComparison.Ordinal);
            Assert.Contains(Squeeze(text), Squeeze(pdf), StringComparison.Ordinal);
        }

        // Every line of the checkpoint, so that it can be typed off the paper.
        foreach (var line in answer.Logs[0].Checkpoint.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.Contains(line, html, StringComparison.Ordinal);
            Assert.Contains(Squeeze(line), Squeeze(pdf), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Html_is_one_file_without_script_and_shows_hostile_text_as_text()
    {
        await FillAsync(Hostile);
        var html = Encoding.UTF8.GetString(await MakeAsync("html"));
        Assert.Contains("=HYPERLINK(&quot;http://x&quot;)&lt;script&gt;alert(1)&lt;/script&gt;, &quot;quoted&quot;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\u202e", html, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", html, StringComparison.Ordinal);
        Assert.DoesNotContain("href=", html, StringComparison.Ordinal);
        Assert.Contains("lang=\"en\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Csv_holds_every_record_and_the_numbers_can_be_counted_again_from_it()
    {
        await FillAsync(Hostile);
        var answer = await AnswerAsync();
        var rows = Parse(Encoding.UTF8.GetString(await MakeAsync("csv")));
        Assert.Equal(CsvReport.Columns, rows[0]);
        Assert.All(rows, row => Assert.Equal(CsvReport.Columns.Length, row.Count));
        Assert.Equal(answer.Records.Decisions + answer.Records.Outcomes, rows.Count - 1);
        Assert.Equal(answer.Totals.BytesOut, rows.Skip(1).Where(r => r[Column("record")] == "outcome").Sum(r => long.Parse(r[Column("bytes_out")], CultureInfo.InvariantCulture)));
        Assert.Equal(answer.Totals.Requests, rows.Skip(1).Where(r => r[Column("record")] == "decision").Select(r => r[Column("exchange")]).Distinct().LongCount());
        Assert.All(rows.SelectMany(r => r), field => Assert.False(field.Length > 0 && "=+-@\t\r".Contains(field[0], StringComparison.Ordinal), field));

        static int Column(string name) => Array.IndexOf(CsvReport.Columns, name);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a\"b", "\"a\"\"b\"")]
    [InlineData("a\r\nb", "\"a\r\nb\"")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\tx", "\"'\tx\"")]
    [InlineData("\rx", "\"'\rx\"")]
    [InlineData("\uFF1D1", "'\uFF1D1")]
    [InlineData("", "")]
    public void A_field_is_quoted_where_it_must_be_and_never_a_formula(string text, string field) => Assert.Equal(field, CsvReport.Field(text));

    [Fact]
    public async Task Json_verifies_offline_checkpoint_records_and_proofs()
    {
        await FillAsync();
        using var json = JsonDocument.Parse(await MakeAsync("json"));
        var answer = await AnswerAsync();
        var questions = json.RootElement.GetProperty("questions");
        Assert.Equal(answer.Totals.BytesOut, questions.GetProperty("totals").GetProperty("bytes_out").GetInt64());

        // Nothing but the file: signature, then every record up to the signed root.
        var log = Assert.Single(questions.GetProperty("logs").EnumerateArray());
        var note = SignedNote.Parse(log.GetProperty("checkpoint").GetString()!);
        Assert.Equal(NoteVerdict.Good, note.Verify(VerifierKey.Parse(log.GetProperty("verifier_key").GetString()!)));
        var lines = note.Text.Split('\n');
        Assert.Equal((log.GetProperty("size").GetRawText(), log.GetProperty("root_hash").GetString()), (lines[1], lines[2]));
        var records = json.RootElement.GetProperty("records").EnumerateArray().ToList();
        Assert.Equal(answer.Records.Decisions + answer.Records.Outcomes, records.Count);
        Assert.All(records, record =>
        {
            var leaf = SHA256.HashData([0, .. Encoding.UTF8.GetBytes(record.GetProperty("canonical").GetString()!)]);
            Assert.Equal(Convert.ToBase64String(leaf), record.GetProperty("leaf_hash").GetString());
            var proof = record.GetProperty("inclusion_proof").EnumerateArray().Select(h => h.GetBytesFromBase64()).ToList();
            Assert.Equal(lines[2], Convert.ToBase64String(OfflineProof.Root(leaf, record.GetProperty("leaf_index").GetInt64(), long.Parse(lines[1], CultureInfo.InvariantCulture), proof)));
        });
    }

    [Fact]
    public async Task Json_has_the_keys_of_its_schema()
    {
        await FillAsync();
        using var json = JsonDocument.Parse(await MakeAsync("json"));
        using var schema = JsonDocument.Parse(await File.ReadAllTextAsync(Repository("schemas/report.schema.json"), TestContext.Current.CancellationToken));
        Assert.Empty(SmallSchema.Problems(schema.RootElement, json.RootElement, schema.RootElement, "$"));
        Assert.NotEmpty(SmallSchema.Problems(schema.RootElement, JsonDocument.Parse("{\"version\":2}").RootElement, schema.RootElement, "$"));
    }

    [Fact]
    public void Beyond_the_bound_the_listed_exchanges_are_a_sample_that_anybody_can_draw_again()
    {
        var all = Enumerable.Range(0, 400).Select(i => new SourcedRecord("d", null, 1, i, Decision($"x{i}"), default)).ToList();
        var (one, two) = (new RecordSample(25), new RecordSample(25));
        all.ForEach(one.Add);
        all.AsEnumerable().Reverse().ToList().ForEach(two.Add);
        var expected = all.OrderBy(r => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"d\n{((DecisionRecord)r.Record).Exchange}"))), StringComparer.Ordinal).Take(25).Select(r => r.LeafIndex).Order();
        Assert.True(one.IsCut);
        Assert.Equal(expected, one.Records.Select(r => r.LeafIndex));
        Assert.Equal(expected, two.Records.Select(r => r.LeafIndex));
    }

    [Fact]
    public async Task A_long_table_goes_on_with_its_header_on_the_next_page_and_each_page_says_how_many_there_are()
    {
        await FillAsync();
        using var pdf = PdfDocument.Open(await MakeAsync("pdf"));
        Assert.True(pdf.NumberOfPages > 2);
        var pages = pdf.GetPages().Select(p => Squeeze(p.Text)).ToList();
        Assert.All(pages, (text, i) => Assert.Contains($"Page{i + 1}of{pages.Count}", text, StringComparison.Ordinal));
        Assert.True(pages.Count(p => p.Contains("ExchangeDeviceLeafProvider", StringComparison.Ordinal)) > 1);
        Assert.Equal("LocalFirst.Guard", pdf.Information.Producer);
        Assert.Contains("20261201000000", pdf.Information.CreationDate, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_its_font_a_pdf_is_refused_with_what_to_do()
    {
        var error = Assert.Throws<ReportException>(() => ReportFonts.Load(_log.Home));
        Assert.Contains("npm", error.Message, StringComparison.Ordinal);
        Assert.Contains("HTML", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_that_is_longer_than_a_page_is_set_in_pieces_and_ends()
    {
        await FillAsync(string.Concat(Enumerable.Repeat("word ", 40)) + new string('x', 60));
        using var pdf = PdfDocument.Open(await MakeAsync("pdf"));
        Assert.InRange(pdf.NumberOfPages, 2, 60);
    }

    private Task<QuestionsAnswer> AnswerAsync() => Asking(async q => await q.AnswerAsync(November, QuestionFilter.None, null, TestContext.Current.CancellationToken));

    private Task<byte[]> MakeAsync(string format) => Asking(async questions =>
    {
        using var output = new MemoryStream();
        await new ReportWriter(questions, "the log of one device", "0.0.0").WriteAsync(ReportFormat.Find(format)!, November, QuestionFilter.None, output, TestContext.Current.CancellationToken);
        if (Environment.GetEnvironmentVariable("GUARD_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, $"report.{format}"), output.ToArray(), TestContext.Current.CancellationToken);
        }

        return output.ToArray();
    });

    private async Task<T> Asking<T>(Func<TwoQuestions, Task<T>> ask) => await ask(new TwoQuestions(await _log.ReadAsync(), new QuestionRecords()));

    private async Task FillAsync(string client = "claude-code")
    {
        var stop = TestContext.Current.CancellationToken;
        await using var log = await _log.OpenAsync();
        for (var i = 0; i < 120; i++)
        {
            await log.AppendAsync(Decision($"X{i:D4}", findings: i % 2, provider: i % 3 == 0 ? "anthropic" : "openai") with { Client = client, Policy = client.Length > 20 ? client : "default", Time = Noon.AddMinutes(i) }, stop);
            await log.AppendAsync(Outcome($"X{i:D4}", bytes: 1000 + i) with { AnsweredBy = client, Time = Noon.AddMinutes(i).AddSeconds(1) }, stop);
        }

        await log.AppendAsync(Decision("OPEN", "local", 1), stop);
    }

    private static string Text(byte[] pdf)
    {
        using var document = PdfDocument.Open(pdf);
        return string.Concat(document.GetPages().Select(p => p.Text));
    }

    /// <summary>Without white space: how words are spaced on a page is the reader's guess.</summary>
    private static string Squeeze(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));

    private static List<List<string>> Parse(string csv)
    {
        var (rows, row, field, quoted) = (new List<List<string>>(), new List<string>(), new StringBuilder(), false);
        for (var i = 0; i < csv.Length; i++)
        {
            if (quoted)
            {
                if (csv[i] != '"')
                {
                    field.Append(csv[i]);
                }
                else if (i + 1 < csv.Length && csv[i + 1] == '"')
                {
                    field.Append('"');
                    i++;
                }
                else
                {
                    quoted = false;
                }
            }
            else if (csv[i] == '"')
            {
                quoted = true;
            }
            else if (csv[i] is ',' or '\r')
            {
                row.Add(field.ToString());
                field.Clear();
                if (csv[i] == '\r')
                {
                    Assert.Equal('\n', csv[++i]);
                    rows.Add(row);
                    row = [];
                }
            }
            else
            {
                field.Append(csv[i]);
            }
        }

        Assert.False(quoted);
        return rows;
    }

    private static string Repository(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LocalFirst.Guard.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder!.FullName, path);
    }
}
