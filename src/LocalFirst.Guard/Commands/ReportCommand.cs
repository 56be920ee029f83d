using System.CommandLine;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Questions;
using LocalFirst.Guard.Reports;

namespace LocalFirst.Guard.Commands;

/// <summary>`guard report`: what auditors take away.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var format = new Option<string>("--format") { Description = $"{string.Join(", ", ReportFormat.All.Select(f => f.Name))}.", HelpName = "FORMAT", DefaultValueFactory = _ => ReportFormat.Html.Name };
        format.AcceptOnlyFromAmong([.. ReportFormat.All.Select(f => f.Name), .. ReportFormat.Later]);
        var output = new Option<string?>("-o", "--output") { Description = "File to write; '-' for the standard output.", HelpName = "FILE", Required = true };
        var options = new QuestionOptions();
        var command = GuardCommandLine.Describe(
            "report",
            "Write a report of a period: population, the two questions, policies, exceptions, integrity.",
            "guard report --from 2026-11-01 --to 2026-11-30 --format pdf -o november.pdf");
        options.AddTo(command);
        command.Options.Add(format);
        command.Options.Add(output);
        command.SetAction(async (parse, cancellation) =>
        {
            var name = parse.GetRequiredValue(format);
            var form = ReportFormat.Find(name)
                ?? throw new GuardException($"--format {name}: this version does not make reports of this form yet.", $"Choose one of {string.Join(", ", ReportFormat.All.Select(f => f.Name))}.");
            var (period, filter, path) = (options.Period(parse), options.Filter(parse), parse.GetValue(output)!);
            var writer = ReportWriters.Over(await options.OpenAsync(parse, cancellation));
            if (path == "-")
            {
                await using var stdout = Console.OpenStandardOutput();
                await writer.WriteAsync(form, period, filter, stdout, cancellation);
                return;
            }

            await WriteFileAsync(path, stream => writer.WriteAsync(form, period, filter, stream, cancellation));
        });
        return command;
    }

    /// <summary>Writes beside the file and puts it in its place when it is whole, so that a report that could not be made leaves no half of one.</summary>
    private static async Task WriteFileAsync(string path, Func<Stream, Task> write)
    {
        var full = Path.GetFullPath(path);
        var part = $"{full}.{Guid.NewGuid():N}.part";
        try
        {
            await using (var stream = new FileStream(part, Private(FileMode.CreateNew)))
            {
                await write(stream);
            }

            File.Move(part, full, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException($"The report {path} cannot be written ({e.GetType().Name}).", "Name a file in a folder that is there and that you may write with -o FILE.");
        }
        finally
        {
            if (File.Exists(part))
            {
                File.Delete(part);
            }
        }
    }

    // It says who sent what to whom: for its owner alone, until the owner shares it.
    private static FileStreamOptions Private(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
