using System.Globalization;

namespace LocalFirst.Guard.Policies.Yaml;

/// <summary>A single value.</summary>
public sealed class YamlScalar : YamlNode
{
    // YAML 1.2.2 §10.3 (core schema) plus the words that YAML 1.1 readers, and people, take for booleans.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase) { "", "~", "null", "true", "false", "yes", "no", "on", "off", ".nan", ".inf", "-.inf", "+.inf" };

    internal YamlScalar(YamlPlace place, string value, bool quoted)
        : base(place)
    {
        Value = value;
        IsQuoted = quoted;
    }

    /// <summary>The value as written, without quotes.</summary>
    public string Value { get; }

    /// <summary>Whether it stood in quotes or in a block, and so is text whatever it looks like.</summary>
    public bool IsQuoted { get; }

    /// <inheritdoc/>
    public override string Kind => "a single value";

    /// <summary>The value as text.</summary>
    /// <param name="maxLength">Longest accepted, in UTF-16 code units.</param>
    /// <exception cref="YamlFileException">
    /// It is empty, too long or holds control characters; or it is not quoted and YAML reads it as a number, a boolean or null: editors and
    /// other readers of the same file would see something else than we do (<c>1.10</c> is 1.1).
    /// </exception>
    public string AsText(int maxLength = 200)
    {
        if (!IsQuoted && (Reserved.Contains(Value) || LooksLikeNumber(Value)))
        {
            throw Value.Length == 0
                ? Error("the value is empty.", "Write a value, or remove the line.")
                : Error($"{Quote.Text(Value)} is not text to YAML.", $"Write it in quotes: \"{Quote.Text(Value)}\".");
        }

        if (string.IsNullOrWhiteSpace(Value))
        {
            throw Error("the value is empty.", "Write a value, or remove the line.");
        }

        if (Value.Length > maxLength)
        {
            throw Error($"the value is longer than {maxLength} characters.", "Shorten it.");
        }

        if (Value.Any(char.IsControl))
        {
            throw Error("the value holds a line break or another control character.", "Write it on one line.");
        }

        return Value;
    }

    /// <summary>One of a few words.</summary>
    /// <param name="words">The words.</param>
    /// <exception cref="YamlFileException">It is none of them.</exception>
    public string AsOneOf(params IReadOnlyList<string> words) =>
        words.Contains(Value, StringComparer.Ordinal)
            ? Value
            : throw Error($"'{Quote.Text(Value)}' is not one of {string.Join(", ", words)}.", Suggestion.For(Value, words));

    /// <summary>A whole number.</summary>
    /// <param name="min">Smallest accepted.</param>
    /// <param name="max">Largest accepted.</param>
    /// <exception cref="YamlFileException">It is no whole number in that range.</exception>
    public int AsInteger(int min, int max) =>
        !IsQuoted && int.TryParse(Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw Error($"'{Quote.Text(Value)}' is not a whole number from {min} to {max}.", $"Write a number from {min} to {max}, without quotes.");

    /// <summary>A number.</summary>
    /// <param name="min">Smallest accepted.</param>
    /// <param name="max">Largest accepted.</param>
    /// <exception cref="YamlFileException">It is no number in that range.</exception>
    public double AsNumber(double min, double max) =>
        !IsQuoted && double.TryParse(Value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw Error(string.Create(CultureInfo.InvariantCulture, $"'{Quote.Text(Value)}' is not a number from {min} to {max}."), "Write a number such as 0.5, without quotes.");

    /// <summary><c>true</c> or <c>false</c>.</summary>
    /// <exception cref="YamlFileException">It is neither.</exception>
    public bool AsBoolean() => (IsQuoted, Value) switch
    {
        (false, "true") => true,
        (false, "false") => false,
        _ => throw Error($"'{Quote.Text(Value)}' is neither true nor false.", "Write true or false, without quotes."),
    };

    private static bool LooksLikeNumber(string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
        || value.StartsWith("0x", StringComparison.Ordinal)
        || value.StartsWith("0o", StringComparison.Ordinal);
}
