using System.Text;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// Makes a place fit for records, messages and the portal. A property name is text of the client's and can itself be a secret, so only
/// what looks like an API's field name or an array index is kept; anything else becomes <c>*</c>.
/// </summary>
internal static class RecordedPlace
{
    private const int LongestName = 24;
    private const int LongestIndex = 5;
    private const int LongestPlace = 160;

    public static string Of(PartPlace place)
    {
        var pointer = place.Pointer;
        if (pointer.StartsWith("header:", StringComparison.Ordinal))
        {
            return "header:" + Safe(pointer.AsSpan("header:".Length));
        }

        if (!pointer.StartsWith('/'))
        {
            return Safe(pointer);
        }

        var result = new StringBuilder(Math.Min(pointer.Length, LongestPlace));
        foreach (var range in pointer.AsSpan(1).Split('/'))
        {
            if (result.Length > LongestPlace)
            {
                return result.Append("/…").ToString();
            }

            result.Append('/').Append(Safe(pointer.AsSpan(1)[range]));
        }

        return result.ToString();
    }

    private static string Safe(ReadOnlySpan<char> segment)
    {
        var name = segment;
        var suffix = ReadOnlySpan<char>.Empty;
        if (segment.LastIndexOfAny('#', '~') is var at and > 0 && IsSuffix(segment[at..]))
        {
            name = segment[..at];
            suffix = segment[at..];
        }

        return IsIndex(name) || IsFieldName(name) ? string.Concat(name, suffix) : string.Concat("*", suffix);
    }

    private static bool IsSuffix(ReadOnlySpan<char> text) => text.SequenceEqual("~name") || (text[0] == '#' && IsIndex(text[1..]));

    private static bool IsIndex(ReadOnlySpan<char> text) => text.Length is > 0 and <= LongestIndex && !text.ContainsAnyExceptInRange('0', '9');

    private static bool IsFieldName(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > LongestName)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetter(c) && c is not '_' and not '-')
            {
                return false;
            }
        }

        return true;
    }
}
