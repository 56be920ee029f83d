using System.Buffers;

namespace LocalFirst.Guard.Inspection.Secrets;

/// <summary>The password in a URL's user information (RFC 3986 section 3.2.1).</summary>
internal static class UrlPassword
{
    // User names may be e-mail addresses, passwords tokens; beyond this, no driver takes it.
    private const int LongestUserInformation = 512;

    private static readonly SearchValues<char> Stops = SearchValues.Create("@/?#\"'`<>(){}[]|\\ \t\r\n,;");

    /// <summary>Matches a password after <c>://</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="schemeEnd">Where <c>://</c> starts.</param>
    /// <param name="authority">One past it.</param>
    /// <param name="work">Characters looked at.</param>
    /// <returns>The span of the password; null when there is none.</returns>
    public static (int Start, int End)? Match(ReadOnlySpan<char> text, int schemeEnd, int authority, out int work)
    {
        var rest = text[authority..Math.Min(text.Length, authority + LongestUserInformation)];
        var end = rest.IndexOfAny(Stops);
        work = 1 + (end < 0 ? rest.Length : end);
        if (end < 0 || rest[end] != '@' || schemeEnd == 0 || !char.IsAsciiLetterOrDigit(text[schemeEnd - 1]))
        {
            return null;
        }

        var colon = rest[..end].IndexOf(':');
        if (colon < 0 || end - colon - 1 < 3)
        {
            return null;
        }

        // "$PASSWORD", "%(password)s", "*****": filled in or struck out elsewhere. A password that is the user's own name guards nothing.
        var user = rest[..colon];
        var password = rest[(colon + 1)..end];
        return password[0] is '$' or '*' or ':' || password.SequenceEqual(user) || password.StartsWith("%s") || password.StartsWith("%v")
            ? null
            : (authority + colon + 1, authority + end);
    }
}
