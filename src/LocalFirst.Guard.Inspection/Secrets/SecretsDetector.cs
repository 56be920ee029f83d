using System.Buffers;
using System.Text.RegularExpressions;
using LocalFirst.Guard.Inspection.Views;

namespace LocalFirst.Guard.Inspection.Secrets;

/// <summary>
/// Finds credentials. One pass of an automaton over all prefixes and keywords meets the candidates; a prefix is then checked by its rule's table
/// (alphabet, lengths, checksum), a keyword by its rule's expression in the window around it.
/// </summary>
internal sealed class SecretsDetector : IDetector
{
    /// <summary>Name of the detector in findings.</summary>
    public const string DetectorName = "secrets";

    private const double ProvenConfidence = 0.99;
    private const double UnprovenConfidence = 0.6;

    // Half of what people type to try a guard out is what they would not want to leave: reported, as a weak finding.
    private const double TestValueConfidence = 0.5;

    private static readonly Lazy<SecretsDetector> LazyDefault = new(static () => new SecretsDetector(SecretRuleSet.BuiltIn));

    private readonly SecretRuleSet _rules;

    public SecretsDetector(SecretRuleSet rules) => _rules = rules;

    /// <summary>The detector with the rules that come with the product.</summary>
    public static SecretsDetector Default => LazyDefault.Value;

    /// <inheritdoc/>
    public string Name => DetectorName;

    /// <inheritdoc/>
    public void Detect(TextView view, WorkBudget budget, ICollection<Finding> findings)
    {
        var text = view.Text;
        budget.Spend(text.Length);

        var found = new List<Finding>();
        var windows = ArrayPool<Window>.Shared.Rent(_rules.Rules.Count);
        Array.Clear(windows);
        try
        {
            var scan = new Scan(view, budget, found, windows);
            var (position, state) = (0, 0);
            while (_rules.Automaton.FindNext(text, ref position, ref state, out var anchors))
            {
                foreach (var anchor in anchors)
                {
                    Meet(scan, anchor, position);
                }
            }

            for (var rule = 0; rule < _rules.Rules.Count; rule++)
            {
                LookThrough(scan, rule);
            }
        }
        finally
        {
            ArrayPool<Window>.Shared.Return(windows);
        }

        foreach (var finding in FindingMerge.KeepStrongestOfAnyType(found))
        {
            findings.Add(finding);
        }
    }

    private void Meet(Scan scan, int anchor, int end)
    {
        var start = end - _rules.Anchors[anchor].Length;
        foreach (var index in _rules.RulesOfAnchor[anchor])
        {
            var rule = _rules.Rules[index];
            if (!rule.AnyCase && !IsOneOf(rule.Anchors, scan.Text.AsSpan(start, end - start)))
            {
                continue;
            }

            switch (rule.Matcher)
            {
                case TokenMatcher token:
                    var span = token.Shape.Match(scan.Text, start, end, out var work);
                    scan.Budget.Spend(work);
                    Report(scan, rule, span, start, end);
                    break;

                case RegexMatcher regex:
                    Widen(scan, index, Math.Max(0, start - regex.Before), Math.Min(scan.Text.Length, end + regex.After));
                    break;

                case UrlPasswordMatcher:
                    span = UrlPassword.Match(scan.Text, start, end, out work);
                    scan.Budget.Spend(work);
                    Report(scan, rule, span, end, end);
                    break;

                case PemMatcher:
                    span = PemBlock.Match(scan.Text, start, end, out var verified, out work);
                    scan.Budget.Spend(work);
                    if (span is { } block)
                    {
                        Add(scan, rule, verified ? Tier.Verified : rule.Tier, verified ? ProvenConfidence : rule.Confidence, block.Start, block.End);
                    }

                    break;
            }
        }
    }

    private static bool IsOneOf(IReadOnlyList<string> anchors, ReadOnlySpan<char> met)
    {
        for (var at = 0; at < anchors.Count; at++)
        {
            if (met.SequenceEqual(anchors[at]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Windows of a rule that touch become one, so that dense keywords cost each character once.</summary>
    private void Widen(Scan scan, int rule, int start, int end)
    {
        ref var window = ref scan.Windows[rule];
        if (window.End > 0 && start <= window.End)
        {
            window.End = end;
            return;
        }

        LookThrough(scan, rule);
        window = new Window { Start = start, End = end };
    }

    /// <summary>Runs a rule's expression over the window that has gathered.</summary>
    private void LookThrough(Scan scan, int index)
    {
        var window = scan.Windows[index];
        scan.Windows[index] = default;
        if (window.End == 0)
        {
            return;
        }

        var rule = _rules.Rules[index];
        var regex = ((RegexMatcher)rule.Matcher).Regex;
        scan.Budget.Spend(window.End - window.Start);
        for (var at = window.Start; at < window.End;)
        {
            var match = regex.Match(scan.Text, at, window.End - at);
            if (!match.Success)
            {
                return;
            }

            // Each match may read to the window's end before it knows that it ended earlier.
            scan.Budget.Spend(match.Length + 1);
            var group = match.Groups["secret"];
            var value = group.Success ? group : (Capture)match;
            Report(scan, rule, (value.Index, value.Index + value.Length), value.Index, value.Index);
            at = Math.Max(at + 1, match.Index + match.Length);
        }
    }

    /// <summary>Judges a value of the right shape.</summary>
    private void Report(Scan scan, SecretRule rule, (int Start, int End)? span, int prefixStart, int prefixEnd)
    {
        if (span is not var (start, end))
        {
            return;
        }

        var value = scan.Text.AsSpan(start, end - start);
        if (rule.Contains is { } part && !value.Contains(part, StringComparison.Ordinal))
        {
            return;
        }

        if (IsAllowed(rule, value))
        {
            return;
        }

        var isProven = rule.Proof is { } proof && proof(value);
        if (isProven && rule.ProofVerifies)
        {
            Add(scan, rule, Tier.Verified, ProvenConfidence, start, end);
            return;
        }

        if (rule.Proof is not null && !isProven && rule.Unproven == Unproven.Drop)
        {
            return;
        }

        // The fixed prefix says nothing about the value.
        var own = prefixStart == start ? value[(prefixEnd - start)..] : value;
        var kind = _rules.Placeholders.KindOf(own, rule.Entropy);
        if (kind == ValueKind.Placeholder)
        {
            return;
        }

        var isUnproven = rule.Proof is not null && !isProven;
        var (tier, confidence) = isUnproven || kind == ValueKind.TestValue
            ? (Weaker(rule.Tier), kind == ValueKind.TestValue ? TestValueConfidence : UnprovenConfidence)
            : (rule.Tier, rule.Confidence);
        Add(scan, rule, tier, Math.Min(confidence, rule.Confidence), start, end);
    }

    private static Tier Weaker(Tier tier) => tier < Tier.Context ? Tier.Context : tier;

    private static bool IsAllowed(SecretRule rule, ReadOnlySpan<char> value)
    {
        foreach (var allowed in rule.Allow)
        {
            if (value.Equals(allowed, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        foreach (var part in rule.AllowParts)
        {
            if (value.Contains(part, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static void Add(Scan scan, SecretRule rule, Tier tier, double confidence, int start, int end)
    {
        var (from, to) = scan.View.Map(start, end);
        scan.Found.Add(new Finding(DetectorName, rule.Id, rule.Type, tier, from, to, confidence));
    }

    private struct Window
    {
        public int Start;
        public int End;
    }

    private sealed record Scan(TextView View, WorkBudget Budget, List<Finding> Found, Window[] Windows)
    {
        public string Text { get; } = View.Text;
    }
}
