namespace LocalFirst.Guard.LocalModels.DemoModel;

/// <summary>Cuts text into what pieces are learned from: runs of one kind of character, each with the one space before it.</summary>
internal static class TextWords
{
    /// <summary>Longest run; longer ones (base64, rules of dashes) are cut, for nothing is learned from their whole.</summary>
    private const int Longest = 24;

    /// <summary>Cuts.</summary>
    /// <param name="text">The text.</param>
    public static IEnumerable<string> Split(string text)
    {
        var start = 0;
        for (var i = 1; i <= text.Length; i++)
        {
            var isAfterSpace = i == start + 1 && text[start] == ' ';
            if (i < text.Length && i - start < Longest && (isAfterSpace || KindOf(text[i]) == KindOf(text[i - 1])))
            {
                continue;
            }

            yield return text[start..i].Replace(' ', PieceLearner.Space);
            start = i;
        }
    }

    private static int KindOf(char c) => c switch
    {
        ' ' => 0,
        '\n' or '\r' or '\t' => 1,
        >= '0' and <= '9' => 2,
        _ when char.IsLetter(c) => 3,
        _ => 4,
    };
}
