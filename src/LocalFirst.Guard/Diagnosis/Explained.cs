using LocalFirst.Guard.MachineSetup.Doctor;

namespace LocalFirst.Guard.Diagnosis;

/// <summary>Turns an error of this program, which says what and where and then what to do next, into a failed check that says the same.</summary>
internal static class Explained
{
    private const string Next = "→";

    /// <summary>The failed check.</summary>
    /// <param name="message">What was wrong, and after an arrow what to do next.</param>
    /// <param name="otherwise">What to do where the message does not say it.</param>
    public static CheckResult Fail(string message, string otherwise)
    {
        var at = message.IndexOf(Next, StringComparison.Ordinal);
        return at < 0
            ? CheckResult.Fail(OneLine(message), otherwise)
            : CheckResult.Fail(OneLine(message[..at]), OneLine(message[(at + Next.Length)..]));
    }

    private static string OneLine(string text) =>
        string.Join(' ', text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
