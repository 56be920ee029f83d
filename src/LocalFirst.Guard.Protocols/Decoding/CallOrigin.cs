using System.Text;

namespace LocalFirst.Guard.Protocols;

/// <summary>Finds the path and the command in the arguments of a tool call.</summary>
internal static class CallOrigin
{
    // Arguments beyond this are file contents; the path stands in front of them or is not needed.
    private const int MaxArguments = 1024 * 1024;

    private static readonly string[] PathNames = ["file_path", "path", "notebook_path", "filePath", "absolute_path"];
    private static readonly string[] CommandNames = ["command", "cmd"];

    /// <summary>From arguments that are a JSON object of the body.</summary>
    public static PartOrigin FromNode(JsonTape tape, int arguments, string? tool, string? callId) =>
        new(tool, callId, First(tape, arguments, PathNames), First(tape, arguments, CommandNames));

    /// <summary>From arguments that are JSON written into a string.</summary>
    public static PartOrigin FromText(string? arguments, string? tool, string? callId)
    {
        if (arguments is null || arguments.Length > MaxArguments
            || JsonTape.Read(Encoding.UTF8.GetBytes(arguments), out var failure) is not { } tape || failure is not null)
        {
            return new PartOrigin(tool, callId);
        }

        return FromNode(tape, 0, tool, callId);
    }

    private static string? First(JsonTape tape, int arguments, string[] names)
    {
        foreach (var name in names)
        {
            var node = tape.Find(arguments, name);
            if (tape.Text(node) is { Length: > 0 } text)
            {
                return text;
            }

            // Shell tools of Codex give the command as a list of words.
            if (tape.IsArray(node))
            {
                return string.Join(' ', tape.Children(node).Select(tape.Text).OfType<string>());
            }
        }

        return null;
    }
}
