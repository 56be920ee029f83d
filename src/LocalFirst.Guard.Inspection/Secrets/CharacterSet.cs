namespace LocalFirst.Guard.Inspection.Secrets;

/// <summary>A set of ASCII characters, by the name that rules use for it.</summary>
internal readonly record struct CharacterSet(ulong Low, ulong High)
{
    private const string Digit = "0123456789";
    private const string Lower = "abcdefghijklmnopqrstuvwxyz";
    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// <summary>The names that rules may use.</summary>
    public static IReadOnlyDictionary<string, CharacterSet> ByName { get; } = new Dictionary<string, CharacterSet>(StringComparer.Ordinal)
    {
        ["digits"] = Of(Digit),
        ["lower"] = Of(Lower),
        ["upper"] = Of(Upper),
        ["hex"] = Of(Digit + "abcdefABCDEF"),
        ["hex-lower"] = Of(Digit + "abcdef"),
        ["hex-upper"] = Of(Digit + "ABCDEF"),
        ["alnum-lower"] = Of(Digit + Lower),
        ["alnum-upper"] = Of(Digit + Upper),
        ["base32"] = Of("234567" + Upper),
        ["base62"] = Of(Digit + Lower + Upper),
        ["base64"] = Of(Digit + Lower + Upper + "+/="),
        ["base64url"] = Of(Digit + Lower + Upper + "-_"),
        ["base64any"] = Of(Digit + Lower + Upper + "-_+/="),
        ["word"] = Of(Digit + Lower + Upper + "_"),
        ["word-dash-dot"] = Of(Digit + Lower + Upper + "_-."),
        ["word-dash-dot-tilde"] = Of(Digit + Lower + Upper + "_-.~"),
        ["uuid"] = Of(Digit + "abcdefABCDEF-"),
    };

    /// <summary>The set of the characters of a string, all ASCII.</summary>
    public static CharacterSet Of(string characters)
    {
        var (low, high) = (0UL, 0UL);
        foreach (var character in characters)
        {
            (low, high) = character < 64 ? (low | (1UL << character), high) : (low, high | (1UL << (character - 64)));
        }

        return new CharacterSet(low, high);
    }

    /// <summary>Whether the character is in the set.</summary>
    public bool Contains(char character) =>
        character < 128 && (((character < 64 ? Low : High) >> (character & 63)) & 1) != 0;
}
