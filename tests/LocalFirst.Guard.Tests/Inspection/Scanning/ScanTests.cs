using System.Text;
using System.Text.Json;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.Secrets;
using LocalFirst.Guard.Scanning;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection.Scanning;

public sealed class ScanTests : IDisposable
{
    private static readonly Inspector Secrets = new([SecretsDetector.Default]);

    private readonly string _folder = Directory.CreateTempSubdirectory("guard-scan-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_clean_file_exits_with_0() =>
        Assert.Equal(0, await GuardCommandLine.RunAsync(["scan", FileOf("clean.txt", "Nothing to see.")]));

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task A_file_with_a_secret_exits_with_1(string format) =>
        Assert.Equal(1, await GuardCommandLine.RunAsync(["scan", FileOf("dirty.txt", $"token {SomeSecret.GitHubToken()}"), "--format", format]));

    [Fact]
    public async Task A_path_that_is_not_there_exits_with_2() =>
        Assert.Equal(2, await GuardCommandLine.RunAsync(["scan", Path.Combine(_folder, "absent")]));

    [Theory]
    [InlineData("sarif")]
    [InlineData("xml")]
    public async Task A_format_that_is_not_known_exits_with_2(string format) =>
        Assert.Equal(2, await GuardCommandLine.RunAsync(["scan", FileOf("a.txt", "a"), "--format", format]));

    [Fact]
    public async Task A_named_file_that_is_no_text_exits_with_2() =>
        Assert.Equal(2, await GuardCommandLine.RunAsync(["scan", FileOf("a.bin", "a\0b")]));

    [Fact]
    public async Task Lines_take_no_path() =>
        Assert.Equal(2, await GuardCommandLine.RunAsync(["scan", "--jsonl", FileOf("a.txt", "a")]));

    [Fact]
    public void A_folder_is_walked_without_what_tools_made_and_without_binary_files()
    {
        FileOf("b.txt", "b");
        FileOf("a.txt", "a");
        FileOf("empty.txt", string.Empty);
        FileOf("image.png", "\0\0");
        FileOf("sub/c.txt", "c");
        FileOf(".git/config", "no");
        FileOf("node_modules/x/index.js", "no");
        FileOf("sub/bin/out.txt", "no");

        Assert.Equal(["a.txt", "b.txt", Path.Combine("sub", "c.txt")], Walked(out var problems));
        Assert.Empty(problems);
    }

    [Fact]
    public void A_loop_of_links_ends()
    {
        FileOf("sub/c.txt", "c");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "sub", "again"), _folder);
        File.CreateSymbolicLink(Path.Combine(_folder, "nowhere.txt"), Path.Combine(_folder, "absent.txt"));
        File.CreateSymbolicLink(Path.Combine(_folder, "link.txt"), Path.Combine(_folder, "sub", "c.txt"));

        Assert.Equal(["link.txt", Path.Combine("sub", "c.txt")], Walked(out var problems));
        Assert.Empty(problems);
    }

    [Fact]
    public void A_file_that_is_too_large_is_told_and_not_read()
    {
        using (var large = File.Create(Path.Combine(_folder, "large.txt")))
        {
            large.Write(Encoding.UTF8.GetBytes(new string('a', 10_000)));
            large.SetLength(ScanSources.LargestFile + 1);
        }

        Assert.Empty(Walked(out var problems));
        Assert.Equal(Path.Combine(_folder, "large.txt"), Assert.Single(problems).Path);
    }

    [Fact]
    public void A_control_character_in_a_path_does_not_reach_the_terminal() =>
        Assert.Equal("a?[31mb", ScanReport.Printable("a\u001b[31mb"));

    [Fact]
    public void A_large_binary_file_is_left_out_like_a_small_one()
    {
        using (var large = File.Create(Path.Combine(_folder, "large.bin")))
        {
            large.SetLength(ScanSources.LargestFile + 1);
        }

        Assert.Empty(Walked(out var problems));
        Assert.Empty(problems);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_read_as_replacement_characters()
    {
        var path = Path.Combine(_folder, "latin.txt");
        File.WriteAllBytes(path, [(byte)'a', 0xE9, (byte)'b']);

        var source = Assert.Single(new ScanSources(_ => { }, () => Stream.Null).Read([path]));

        Assert.Equal("a\ufffdb", source.Text);
    }

    [Fact]
    public void A_utf16_file_with_its_mark_is_read_as_text()
    {
        var path = Path.Combine(_folder, "utf16.txt");
        File.WriteAllText(path, "wide", Encoding.Unicode);

        Assert.Equal("wide", Assert.Single(new ScanSources(_ => { }, () => Stream.Null).Read([path])).Text);
    }

    [Fact]
    public void Lines_and_columns_count_from_one()
    {
        var lines = new LineIndex("ab\ncd\n");

        Assert.Equal([(1, 1), (1, 3), (2, 1), (3, 1)], new[] { 0, 2, 3, 6 }.Select(lines.PlaceOf));
    }

    [Fact]
    public void The_json_report_has_places_and_no_value()
    {
        var token = SomeSecret.GitHubToken();
        var finding = Assert.Single(Secrets.Inspect(new InspectionText(token)).Findings);
        using var output = new MemoryStream();

        ScanReport.WriteJson(output, [new ScanFinding("a.txt", 1, 1, finding)]);

        var json = JsonDocument.Parse(output.ToArray()).RootElement;
        Assert.Equal(1, json.GetProperty("version").GetInt32());
        var item = json.GetProperty("findings")[0];
        Assert.Equal(
            ["path", "line", "column", "detector", "rule", "type", "start", "end", "confidence"],
            item.EnumerateObject().Select(property => property.Name));
        Assert.DoesNotContain(token[4..], Encoding.UTF8.GetString(output.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_line_gets_its_answer_in_order_and_a_bad_one_its_error()
    {
        var token = SomeSecret.GitHubToken();
        var (lines, allGood) = RunLines(
            $"{{\"id\":\"one\",\"text\":\"key {token}\"}}\n"
            + "not json\n"
            + "\n"
            + "{\"id\":2,\"text\":\"clean\"}\r\n"
            + "{\"id\":3}\n"
            + "{\"text\":\"no id\"}\n"
            + "[1]\n"
            + $"{{\"id\":null,\"text\":\"\\ud800 {token}\"}}");

        Assert.False(allGood);
        Assert.Equal(7, lines.Count);
        Assert.Equal("one", lines[0].GetProperty("id").GetString());
        Assert.Equal((4, 4 + token.Length), SpanOf(lines[0]));
        Assert.Equal((JsonValueKind.Null, 2), (lines[1].GetProperty("id").ValueKind, lines[1].GetProperty("line").GetInt32()));
        Assert.True(lines[1].TryGetProperty("error", out _));
        Assert.Equal((2, 0), (lines[2].GetProperty("id").GetInt32(), lines[2].GetProperty("findings").GetArrayLength()));
        Assert.Equal([5, 6, 7], lines.Skip(3).Take(3).Select(line => line.GetProperty("line").GetInt32()));
        Assert.Equal((2, 2 + token.Length), SpanOf(lines[6]));
    }

    [Fact]
    public void Good_lines_are_all_good_even_with_findings()
    {
        var (lines, allGood) = RunLines($"{{\"id\":\"a\",\"text\":\"{SomeSecret.GitHubToken()}\"}}\n");

        Assert.True(allGood);
        Assert.Equal(
            ["detector", "rule", "type", "start", "end", "confidence"],
            lines[0].GetProperty("findings")[0].EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public void A_line_with_a_broken_name_or_deep_nesting_is_an_error_not_a_crash()
    {
        var (lines, _) = RunLines("{\"\\ud800\":1,\"id\":1,\"text\":\"a\"}\n" + new string('[', 10_000) + "\n{\"id\":2,\"text\":\"b\"}\n");

        Assert.Equal(3, lines.Count);
        Assert.Equal(2, lines[2].GetProperty("id").GetInt32());
    }

    private static (int, int) SpanOf(JsonElement line)
    {
        var finding = line.GetProperty("findings")[0];
        return (finding.GetProperty("start").GetInt32(), finding.GetProperty("end").GetInt32());
    }

    private static (List<JsonElement> Lines, bool AllGood) RunLines(string input)
    {
        using var from = new MemoryStream(Encoding.UTF8.GetBytes(input));
        using var to = new MemoryStream();
        var allGood = new JsonLinesScan(Secrets).Run(from, to);
        var lines = Encoding.UTF8.GetString(to.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return ([.. lines.Select(line => JsonDocument.Parse(line).RootElement)], allGood);
    }

    private string FileOf(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    private string[] Walked(out List<ScanProblem> problems)
    {
        var told = new List<ScanProblem>();
        var sources = new ScanSources(told.Add, () => Stream.Null).Read([_folder]).Select(source => Path.GetRelativePath(_folder, source.Path)).ToArray();
        problems = told;
        return sources;
    }
}
