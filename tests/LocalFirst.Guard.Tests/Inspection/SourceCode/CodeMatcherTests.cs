using System.Text.RegularExpressions;
using FsCheck.Xunit;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.SourceCode;
using LocalFirst.Guard.Inspection.Views;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection.SourceCode;

public sealed class CodeMatcherTests
{
    /// <summary>A function as a person writes it, ten lines.</summary>
    private const string Function = """
        public decimal SettleOpenPositions(LedgerAccount account, DateOnly valueDate)
        {
            var openPositions = account.Positions.Where(p => p.ValueDate <= valueDate && !p.IsSettled);
            var settlementTotal = 0m;
            foreach (var position in openPositions)
            {
                settlementTotal += position.Amount * _rateTable.RateFor(position.Currency, valueDate);
                position.MarkSettled(valueDate, _clock.GetUtcNow());
            }
            return decimal.Round(settlementTotal, 2, MidpointRounding.ToEven);
        }
        """;

    private static readonly (string Form, Func<string[], string> Wrap)[] Forms =
    [
        ("verbatim", lines => string.Join('\n', lines)),
        ("with CRLF", lines => string.Join("\r\n", lines)),
        ("reindented", lines => string.Join('\n', lines.Select(line => "\t\t\t" + line.Trim()))),
        ("numbered →", lines => string.Join('\n', lines.Select((line, i) => $"{i + 118,6}→{line}"))),
        ("numbered :", lines => string.Join('\n', lines.Select((line, i) => $"{i + 118}:{line}"))),
        ("numbered |", lines => string.Join('\n', lines.Select((line, i) => $"{i + 118} | {line}"))),
        ("numbered tab", lines => string.Join('\n', lines.Select((line, i) => $"{i + 118,6}\t{line}"))),
        ("diff +", lines => "@@ -1,3 +1,20 @@\n" + string.Join('\n', lines.Select(line => "+" + line))),
        ("diff -", lines => string.Join('\n', lines.Select(line => "-" + line))),
        ("grep", lines => string.Join('\n', lines.Select((line, i) => $"src/Ledger/Book.cs:{i + 40}:{line}"))),
        ("quoted", lines => string.Join('\n', lines.Select(line => "> " + line))),
        ("in prose", lines => $"Hello, can you see why this fails on Mondays?\n\n```csharp\n{string.Join('\n', lines)}\n```\n\nIt worked before, I don't know what changed."),
    ];

    [Fact]
    public void A_ten_line_function_is_found_in_every_form()
    {
        var index = SomeSource.Index(("Ledger.cs", "using System;\n\nnamespace Acme;\n\npublic sealed class Ledger\n{\n" + Function + "\n}\n" + new SomeSource(3).File("cs", 20)));
        foreach (var (form, wrap) in Forms)
        {
            var match = Assert.Single(SomeSource.Find(wrap(Function.Split('\n')), index));
            Assert.True(match.File == 0 && !match.Renamed, form);
            Assert.InRange(match.FirstLine, 7, 12);
        }
    }

    [Fact]
    public void The_span_covers_the_lines_that_match_and_no_prose()
    {
        var index = SomeSource.Index(("Ledger.cs", Function));
        const string Before = "Please review the following method.\n\n";
        var text = Before + Function + "\n\nThank you very much for your help with it.\n";
        var match = Assert.Single(SomeSource.Find(text, index));
        Assert.InRange(match.Start, Before.Length - 1, Before.Length + 160);
        Assert.InRange(match.End, Before.Length + Function.Length - 160, Before.Length + Function.Length + 1);
    }

    [Fact]
    public void The_finding_names_the_detector_the_rule_and_the_type()
    {
        var findings = new List<Finding>();
        new CodeDetector(SomeSource.Index(("Ledger.cs", Function))).Detect(TextView.Identity(new InspectionText(Function)), new WorkBudget(1_000_000), findings);
        var finding = Assert.Single(findings);
        Assert.Equal(("code", "own-code", "PROPRIETARY_CODE", Tier.Structural), (finding.Detector, finding.Rule, finding.Type, finding.Tier));
        Assert.InRange(finding.Confidence, 0.8, 0.99);
    }

    [Fact]
    public void Snippets_of_20_lines_are_found_in_95_of_100_cases_in_every_form_and_language()
    {
        var source = new SomeSource(1);
        var files = SomeSource.Languages.SelectMany(language => Enumerable.Range(0, 8).Select(i => ($"{i}.{language}", source.File(language, 12)))).ToArray();
        var index = SomeSource.Index(files);
        var random = new Random(5);
        foreach (var (form, wrap) in Forms)
        {
            var found = 0;
            for (var i = 0; i < 100; i++)
            {
                var lines = files[random.Next(files.Length)].Item2.Split('\n').Where(line => line.Trim().Length > 0).ToArray();
                var start = random.Next(lines.Length - 20);
                found += SomeSource.Find(wrap(lines[start..(start + 20)]), index).Count > 0 ? 1 : 0;
            }

            Assert.True(found >= 95, $"{form}: {found} of 100");
        }
    }

    [Fact]
    public void Code_with_every_name_changed_is_found_by_its_shape()
    {
        var file = new SomeSource(1).File("ts", 6);
        var index = SomeSource.Index(("a.ts", file));
        var names = new Dictionary<string, string>();
        var renamed = Regex.Replace(file, "[A-Za-z]{5,}", m => m.Value is "async" or "return" or "number" or "Promise" ? m.Value : names.TryGetValue(m.Value, out var known) ? known : names[m.Value] = $"other{names.Count}");
        var match = Assert.Single(SomeSource.Find(renamed, index));
        Assert.True(match.Renamed);
    }

    [Fact]
    public void Foreign_code_stays_quiet()
    {
        var company = new SomeSource(1);
        var index = SomeSource.Index([.. SomeSource.Languages.SelectMany(language => Enumerable.Range(0, 8).Select(i => ($"{i}.{language}", company.File(language, 12))))]);
        var stranger = new SomeSource(2, otherHabits: true);
        foreach (var language in SomeSource.Languages)
        {
            Assert.Empty(SomeSource.Find(stranger.File(language, 60), index));
        }
    }

    [Theory]
    [InlineData("Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files, to deal in the software without restriction")]
    [InlineData("HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE); LOSS OF USE, DATA, OR PROFITS; ARISING IN ANY WAY")]
    public void A_licence_text_inside_an_indexed_file_is_nobodys_own(string licence)
    {
        var text = string.Join('\n', Enumerable.Repeat(licence, 6));
        Assert.Empty(SomeSource.Find(text, SomeSource.Index(("a.py", text + "\n" + new SomeSource(1).File("py", 4)))));
    }

    [Fact]
    public void Tables_of_numbers_and_imports_are_nobodys_own()
    {
        var table = string.Join('\n', Enumerable.Range(0, 60).Select(i => $"    {{ {i}, {i * 7}, 0x{i:x2} }},")) + string.Concat(Enumerable.Range(0, 40).Select(i => $"\nusing Acme.Part{i};"));
        Assert.Empty(SomeSource.Find(table, SomeSource.Index(("a.cs", table))));
    }

    [Fact]
    public void Public_code_is_left_out_of_the_index()
    {
        var folder = Directory.CreateTempSubdirectory("guard-public-");
        try
        {
            var library = new SomeSource(9).File("ts", 10);
            File.WriteAllText(Path.Combine(folder.FullName, "library.ts"), library);
            var builder = new CodeIndexBuilder(SomeSource.Key);
            builder.AddPublicFolder(folder.FullName);
            var own = new SomeSource(1).File("ts", 10);
            builder.Add("company", "copy.ts", library + own);
            var index = builder.Build(DateTimeOffset.UnixEpoch);
            Assert.Empty(SomeSource.Find(library, index));
            Assert.NotEmpty(SomeSource.Find(own, index));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("a(b, c); ")]
    [InlineData("\n")]
    [InlineData("12:")]
    [InlineData("/*")]
    [InlineData("\"")]
    [InlineData("x-")]
    [InlineData("a.b/c-1-")]
    public void Crafted_text_stays_within_the_budget(string piece)
    {
        var index = SomeSource.Index(("a.cs", Function + new SomeSource(1).File("cs", 10)));
        SomeSource.Find(string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length)), index);
        SomeSource.Find(string.Concat(Enumerable.Repeat(Function, 200_000 / Function.Length)), index);
    }

    [Property(MaxTest = 200)]
    public bool Any_text_gives_ordered_spans_inside_it_and_twice_the_same(string? text, int cut)
    {
        var index = SomeSource.Index(("Ledger.cs", Function));
        var mixed = Function[..(int)((uint)cut % Function.Length)] + text + Function;
        var matches = SomeSource.Find(mixed, index);
        var end = 0;
        foreach (var match in matches)
        {
            if (match.Start < end || match.End <= match.Start || match.End > mixed.Length)
            {
                return false;
            }

            end = match.End;
        }

        return matches.SequenceEqual(SomeSource.Find(mixed, index));
    }
}
