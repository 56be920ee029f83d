using System.CommandLine;
using System.Globalization;
using System.Text;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Inspection.SourceCode;
using Spectre.Console;

namespace LocalFirst.Guard.Commands;

/// <summary>`guard code`: index the company's repositories, see what is indexed, explain a match.</summary>
internal static class CodeCommand
{
    private const long MaxLookupBytes = 20_000_000;

    public static Command Create()
    {
        var command = GuardCommandLine.Describe("code", "Fingerprints of your own repositories, so that their code is known anywhere.", "guard code index ~/src/billing ~/src/portal");
        command.Subcommands.Add(CreateIndex());
        command.Subcommands.Add(CreateStatus());
        command.Subcommands.Add(CreateLookup());
        return command;
    }

    private static Command CreateIndex()
    {
        var paths = new Argument<string[]>("PATH") { Description = "Folders of repositories; in a git checkout only tracked files count.", Arity = ArgumentArity.OneOrMore };
        var publicFolders = new Option<string[]>("--public") { Description = "A folder of public code: what is found there too is left out. May be given several times.", HelpName = "DIR", DefaultValueFactory = _ => [] };
        var command = GuardCommandLine.Describe("index", "Index repositories anew, in place of the last index.", "guard code index ~/src/billing --public ~/src/billing/node_modules");
        command.Arguments.Add(paths);
        command.Options.Add(publicFolders);
        command.SetAction(async (parse, cancellation) =>
        {
            var home = CommonOptions.HomeOf(parse);
            home.EnsureExists();
            GuardHome.CreatePrivate(home.Keys);
            var index = IndexOf(home);
            var build = await Explained(() => Task.Run(() => BuildWithProgress(index, parse.GetValue(paths)!, parse.GetValue(publicFolders)!, cancellation), cancellation));
            AnsiConsole.MarkupLineInterpolated(
                CultureInfo.InvariantCulture,
                $"Indexed [bold]{build.Files:N0}[/] files with {build.Lines:N0} lines ({build.Duplicates:N0} copies skipped) as {build.Fingerprints:N0} fingerprints in {home.CodeIndex}.");
        });
        return command;
    }

    private static Command CreateStatus()
    {
        var command = GuardCommandLine.Describe("status", "Show what is indexed, and since when.", "guard code status");
        command.SetAction(async (parse, _) =>
        {
            var status = await Explained(() => Task.FromResult(IndexOf(CommonOptions.HomeOf(parse)).Status()))
                ?? throw new GuardException($"There is no code index at {CommonOptions.HomeOf(parse).CodeIndex}.", "Build one with `guard code index PATH…`.");
            var table = new Table().AddColumns("repository", "files", "lines");
            table.Columns[1].RightAligned();
            table.Columns[2].RightAligned();
            foreach (var repository in status.Repositories)
            {
                table.AddRow(Markup.Escape(repository.Name), repository.Files.ToString("N0", CultureInfo.InvariantCulture), repository.Lines.ToString("N0", CultureInfo.InvariantCulture));
            }

            AnsiConsole.Write(table);
            AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{status.Fingerprints:N0} fingerprints, {status.Bytes:N0} bytes, built {status.BuiltAt:yyyy-MM-dd HH:mm} UTC.");
            if (status.SampleId is { } id)
            {
                AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"A fingerprint's id looks like {id}; guard code lookup {id} says where it comes from.");
            }
        });
        return command;
    }

    private static Command CreateLookup()
    {
        var id = new Argument<string>("ID") { Description = "A fingerprint (16 hexadecimal digits), or a file whose text is compared with the index; - reads standard input." };
        var command = GuardCommandLine.Describe("lookup", "Say which repository, file and lines a fingerprint or a text comes from.", "guard code lookup snippet.txt");
        command.Arguments.Add(id);
        command.SetAction(async (parse, cancellation) =>
        {
            var asked = parse.GetValue(id)!;
            var index = IndexOf(CommonOptions.HomeOf(parse));
            var text = asked == "-" ? await Console.In.ReadToEndAsync(cancellation) : File.Exists(asked) ? await ReadAsync(asked, cancellation) : null;
            var places = await Explained(() => Task.FromResult(text is null ? index.Lookup(asked) : index.Explain(text)));
            if (places.Count == 0)
            {
                AnsiConsole.WriteLine(text is null ? "The index does not know this fingerprint (it may be of an older index)." : "No passage of this text is in the index.");
                return;
            }

            var table = new Table().AddColumns("id", "repository", "file", "lines", "match", "points", "in the text");
            foreach (var place in places)
            {
                table.AddRow(
                    place.Id,
                    Markup.Escape(place.Repository),
                    Markup.Escape(place.Path),
                    place.FirstLine == place.LastLine ? $"{place.FirstLine}" : $"{place.FirstLine}–{place.LastLine}",
                    place.Kind,
                    place.Points.ToString(CultureInfo.InvariantCulture),
                    text is null ? string.Empty : $"lines {LineOf(text, place.Start)}–{LineOf(text, Math.Max(place.Start, place.End - 1))}");
            }

            AnsiConsole.Write(table);
        });
        return command;
    }

    private static CodeIndexFile IndexOf(GuardHome home) => new(home.CodeIndex, Path.Combine(home.Keys, CodeIndexFile.KeyFileName));

    private static CodeIndexBuild BuildWithProgress(CodeIndexFile index, string[] paths, string[] publicFolders, CancellationToken cancellation)
    {
        CodeIndexBuild? build = null;
        AnsiConsole.Progress()
            .AutoClear(true)
            .HideCompleted(true)
            .Start(context =>
            {
                var steps = new Dictionary<string, ProgressTask>(StringComparer.Ordinal);
                var told = new Told(progress =>
                {
                    if (!steps.TryGetValue(progress.Step, out var task))
                    {
                        task = context.AddTask(Markup.Escape(progress.Step), maxValue: Math.Max(1, progress.Total));
                        steps.Add(progress.Step, task);
                    }

                    task.Value = progress.Done;
                });
                build = index.Build(paths, publicFolders, TimeProvider.System.GetUtcNow(), told, cancellation);
            });
        return build!;
    }

    private static async Task<string> ReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            if (new FileInfo(path).Length > MaxLookupBytes)
            {
                throw new GuardException($"{path} is larger than {MaxLookupBytes / 1_000_000} MB.", "Ask with the part of it that matters.");
            }

            return await File.ReadAllTextAsync(path, Encoding.UTF8, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException($"{path} cannot be read ({e.GetType().Name}).", "Check its name and rights.");
        }
    }

    private static int LineOf(string text, int at) => 1 + text.AsSpan(0, at).Count('\n');

    private static async Task<T> Explained<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (CodeIndexException e)
        {
            throw new GuardException(e.What, e.Next);
        }
    }

    /// <summary>Tells at once and in order; <see cref="Progress{T}"/> would tell from other threads, later.</summary>
    private sealed class Told(Action<CodeIndexProgress> tell) : IProgress<CodeIndexProgress>
    {
        public void Report(CodeIndexProgress value) => tell(value);
    }
}
