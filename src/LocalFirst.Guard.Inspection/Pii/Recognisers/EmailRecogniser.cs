using System.Buffers;

namespace LocalFirst.Guard.Inspection.Pii.Recognisers;

/// <summary>
/// E-mail addresses by a small state machine around each <c>@</c>: dot-atom local part (RFC 5321 §4.1.2), host name (RFC 1123 §2.1), known top-level
/// domain. Roles, placeholders and unknown top-level domains are hints.
/// </summary>
internal sealed class EmailRecogniser : IRecogniser
{
    private const int MaxLocal = 64;
    private const int MaxDomain = 253;
    private const int MaxLabel = 63;

    private static readonly SearchValues<char> LocalCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+-/=?^_`{|}~");

    /// <summary>Legal in a local part, yet at its beginning far more often the quoting around an address.</summary>
    private static readonly SearchValues<char> NeverFirst = SearchValues.Create(".!#$%&'*/=?^`{|}~+-");

    private static readonly SearchValues<char> Quoting = SearchValues.Create("=/'`{|}?&");

    private static readonly SearchValues<char> EndsUrl = SearchValues.Create(" \t\r\n\"'<>");

    private readonly string _type;
    private readonly HashSet<string> _roles;
    private readonly HashSet<string> _placeholders;
    private readonly HashSet<string> _knownTlds;
    private readonly HashSet<string> _notTlds;

    public EmailRecogniser()
    {
        var rules = PiiRuleFile.Load("email.toml");
        _type = rules.Type;
        _roles = Set(rules.Strings("role", "locals"));
        _placeholders = Set(rules.Strings("placeholder", "domains"));
        _knownTlds = Set(rules.Strings("tld", "known"));
        _notTlds = Set(rules.Strings("tld", "not"));
    }

    /// <inheritdoc/>
    public void Recognise(PiiScan scan, List<PiiHit> hits)
    {
        var text = scan.Text.AsSpan();
        var from = 0;
        while (from < text.Length)
        {
            var skip = text[from..].IndexOf('@');
            if (skip < 0)
            {
                return;
            }

            var at = from + skip;
            var start = LocalStart(text, from, at);
            var end = DomainEnd(text, at + 1);
            from = at + 1;
            if (start == at || end == 0 || IsUserInfo(text, start))
            {
                continue;
            }

            if (Judge(text[start..at], text[(at + 1)..end]) is { } tier)
            {
                hits.Add(new PiiHit(tier == Tier.Hint ? "email-role" : "email", _type, tier, start, end, tier == Tier.Hint ? 0.4 : 0.97));
                from = end;
            }
        }
    }

    private Tier? Judge(ReadOnlySpan<char> local, ReadOnlySpan<char> domain)
    {
        var tld = domain[(domain.LastIndexOf('.') + 1)..];
        if (Holds(_notTlds, tld))
        {
            return null;
        }

        var known = tld.Length == 2 || tld.StartsWith("xn--", StringComparison.OrdinalIgnoreCase) || Holds(_knownTlds, tld) || Holds(_placeholders, tld);
        return known && !IsRole(local) && !IsPlaceholder(domain) ? Tier.Structural : Tier.Hint;
    }

    private bool IsRole(ReadOnlySpan<char> local)
    {
        var plus = local.IndexOf('+');
        return Holds(_roles, local) || (plus > 0 && Holds(_roles, local[..plus])) || local.EndsWith("[bot]", StringComparison.OrdinalIgnoreCase);
    }

    private bool IsPlaceholder(ReadOnlySpan<char> domain)
    {
        while (true)
        {
            if (Holds(_placeholders, domain))
            {
                return true;
            }

            var dot = domain.IndexOf('.');
            if (dot < 0)
            {
                return false;
            }

            domain = domain[(dot + 1)..];
        }
    }

    /// <summary>Where the local part begins; <paramref name="at"/> itself when there is none.</summary>
    private static int LocalStart(ReadOnlySpan<char> text, int from, int at)
    {
        var start = at;
        var floor = Math.Max(from, at - MaxLocal);
        while (start > floor && LocalCharacters.Contains(text[start - 1]))
        {
            start--;
        }

        if (start > from && start == floor && LocalCharacters.Contains(text[start - 1]))
        {
            // Longer than a local part can be: a blob of some kind, not an address.
            return at;
        }

        // "mailto:", "key=value@", "<a@b>" and quotes: what follows the last of these is the address.
        var local = text[start..at];
        var cut = local.LastIndexOfAny(Quoting);
        start += cut + 1;
        while (start < at && NeverFirst.Contains(text[start]))
        {
            start++;
        }

        var kept = text[start..at];
        return kept.IsEmpty || kept[^1] == '.' || kept.IndexOf("..") >= 0 ? at : start;
    }

    /// <summary>Where the host name behind the <c>@</c> ends; 0 when there is none.</summary>
    private static int DomainEnd(ReadOnlySpan<char> text, int start)
    {
        var at = start;
        var lastDot = -1;
        while (at < text.Length && at - start <= MaxDomain)
        {
            var label = at;
            while (at < text.Length && at - label <= MaxLabel && IsLabelCharacter(text[at]))
            {
                at++;
            }

            if (at == label || at - label > MaxLabel || text[label] == '-')
            {
                return 0;
            }

            var goesOn = at + 1 < text.Length && text[at] == '.' && IsLabelCharacter(text[at + 1]) && text[at + 1] != '-';
            if (!goesOn)
            {
                break;
            }

            lastDot = at;
            at++;
        }

        // "a@b.com-" keeps its dash outside; "a@new_type.com", "a@b.com@c" and "a..b@c..de" are no addresses.
        while (at > start && text[at - 1] == '-')
        {
            at--;
        }

        if (lastDot < 0 || at - lastDot - 1 < 2 || (at < text.Length && text[at] is '_' or '@') || (at + 1 < text.Length && text[at] == '.' && text[at + 1] == '.' && at + 2 < text.Length && IsLabelCharacter(text[at + 2])))
        {
            return 0;
        }

        var tld = text[(lastDot + 1)..at];
        if (tld.StartsWith("xn--", StringComparison.OrdinalIgnoreCase))
        {
            return at;
        }

        foreach (var c in tld)
        {
            if (!char.IsLetter(c))
            {
                return 0;
            }
        }

        return at;
    }

    /// <summary>Whether the text before is a URL's authority: user information belongs to the secrets detector, and is no mail address.</summary>
    private static bool IsUserInfo(ReadOnlySpan<char> text, int start)
    {
        var from = Math.Max(0, start - MaxLocal);
        var before = text[from..start];
        if (before.EndsWith("//"))
        {
            return true;
        }

        if (!before.EndsWith(":") && !before.EndsWith("/"))
        {
            return false;
        }

        var authority = before.LastIndexOf("://");
        return authority >= 0 && before[authority..].IndexOfAny(EndsUrl) < 0 && before[(authority + 3)..].IndexOf('/') < 0;
    }

    /// <summary>Letters, digits and dashes; Latin letters beyond ASCII too, as people write them (RFC 5890).</summary>
    private static bool IsLabelCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c == '-' || (c is >= '\u00DF' and < '\u0250' && char.IsLetter(c));

    private static HashSet<string> Set(IEnumerable<string> values) => new(values, StringComparer.OrdinalIgnoreCase);

    private static bool Holds(HashSet<string> set, ReadOnlySpan<char> value) => set.GetAlternateLookup<ReadOnlySpan<char>>().Contains(value);
}
