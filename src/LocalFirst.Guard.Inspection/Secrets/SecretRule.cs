using System.Text.RegularExpressions;

namespace LocalFirst.Guard.Inspection.Secrets;

/// <summary>What to do with a token of the right shape whose offline proof does not hold.</summary>
internal enum Unproven
{
    /// <summary>It is something else: not reported.</summary>
    Drop,

    /// <summary>Reported with weaker evidence (<see cref="Tier.Context"/>): altered or made-up tokens look like this, and so would a new format.</summary>
    Context,
}

/// <summary>How a rule finds its value.</summary>
internal abstract record SecretMatcher;

/// <summary>By the shape of the token around one of the rule's prefixes.</summary>
/// <param name="Shape">The shape.</param>
internal sealed record TokenMatcher(TokenShape Shape) : SecretMatcher;

/// <summary>By a regular expression in a window around one of the rule's keywords.</summary>
/// <param name="Pattern">Source of the expression; the group <c>secret</c>, else the whole match, is the value.</param>
/// <param name="Before">Code units before the keyword that the window takes in.</param>
/// <param name="After">Code units after it.</param>
internal sealed record RegexMatcher(string Pattern, int Before, int After) : SecretMatcher
{
    // Linear time whatever the pattern and the text; built on first use, because building all would cost seconds.
    private readonly Lazy<Regex> _regex = new(() => new Regex(Pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));

    /// <summary>The expression.</summary>
    public Regex Regex => _regex.Value;
}

/// <summary>A PEM block with a private key.</summary>
internal sealed record PemMatcher : SecretMatcher;

/// <summary>The password in the authority of a URL (<c>scheme://user:password@host</c>).</summary>
internal sealed record UrlPasswordMatcher : SecretMatcher;

/// <summary>A text of a rule that shows what it finds.</summary>
/// <param name="Text">The text.</param>
/// <param name="Start">First code unit of the value.</param>
/// <param name="End">One past its last.</param>
internal sealed record PositiveExample(string Text, int Start, int End);

/// <summary>One rule of <c>rules/secrets/*.toml</c>, checked.</summary>
internal sealed record SecretRule
{
    /// <summary>Unique name.</summary>
    public required string Id { get; init; }

    /// <summary>One sentence for people.</summary>
    public required string Description { get; init; }

    /// <summary>Type of the finding.</summary>
    public required string Type { get; init; }

    /// <summary>Evidence of a match; a proof that holds lifts it to <see cref="Inspection.Tier.Verified"/>.</summary>
    public required Tier Tier { get; init; }

    /// <summary>Probability in 0…1 that a match is what it says.</summary>
    public required double Confidence { get; init; }

    /// <summary>What the automaton looks for: the prefixes of a token, the keywords of an expression.</summary>
    public required IReadOnlyList<string> Anchors { get; init; }

    /// <summary>Whether anchors count in any case.</summary>
    public required bool AnyCase { get; init; }

    /// <summary>How the value is found.</summary>
    public required SecretMatcher Matcher { get; init; }

    /// <summary>Text that the value must hold; null for none.</summary>
    public string? Contains { get; init; }

    /// <summary>Bits per character below which a value is a placeholder.</summary>
    public required double Entropy { get; init; }

    /// <summary>Proof; null for none.</summary>
    public OfflineProof? Proof { get; init; }

    /// <summary>What a failed proof means.</summary>
    public Unproven Unproven { get; init; }

    /// <summary>Whether a value that the proof holds for is <see cref="Inspection.Tier.Verified"/>, or just not dropped.</summary>
    public bool ProofVerifies { get; init; } = true;

    /// <summary>Values, in any case, that are never reported: those of public documentation.</summary>
    public required IReadOnlyList<string> Allow { get; init; }

    /// <summary>Values that hold one of these, in any case, are never reported.</summary>
    public required IReadOnlyList<string> AllowParts { get; init; }

    /// <summary>Texts in which the rule must find the value.</summary>
    public required IReadOnlyList<PositiveExample> Positive { get; init; }

    /// <summary>Texts in which it must find nothing.</summary>
    public required IReadOnlyList<string> Negative { get; init; }
}
