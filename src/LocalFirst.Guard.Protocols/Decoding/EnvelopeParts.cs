using System.Globalization;
using System.Text;

namespace LocalFirst.Guard.Protocols;

/// <summary>The text around the body: path, query, header fields.</summary>
internal static class EnvelopeParts
{
    public static void Add(WireRequest request, List<Part> parts)
    {
        AddPath(request.Path, parts);
        AddQuery(request, parts);
        AddHeaders(request, parts);
    }

    private static void AddPath(string path, List<Part> parts)
    {
        Add(parts, "path", path);
        if (Unescape(path) is var decoded && decoded != path)
        {
            Add(parts, "path", decoded);
        }
    }

    private static void AddQuery(WireRequest request, List<Part> parts)
    {
        var mark = request.RawTarget.IndexOf('?', StringComparison.Ordinal);
        if (mark < 0)
        {
            return;
        }

        var credentials = new HashSet<string>(request.Provider.CredentialQuery, StringComparer.Ordinal);
        foreach (var pair in request.RawTarget[(mark + 1)..].Split('&'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = Unescape(equals < 0 ? pair : pair[..equals]);
            Add(parts, "query", name);

            // Only the first one is the credential; another of its name is text like any other.
            if (equals >= 0 && !credentials.Remove(name))
            {
                Add(parts, "query", Unescape(pair[(equals + 1)..].Replace('+', ' ')));
            }
        }
    }

    private static void AddHeaders(WireRequest request, List<Part> parts)
    {
        var credentials = new HashSet<string>(request.Provider.CredentialHeaders, StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < request.Headers.Count; i++)
        {
            var field = request.Headers[i];
            var plain = SchemaNames.IsPlainWord(field.Name.ToLowerInvariant()) || IsUsual(field.Name);
            var place = plain ? "header:" + field.Name : string.Create(CultureInfo.InvariantCulture, $"header:*{i}");
            if (!plain)
            {
                Add(parts, place + "~name", field.Name);
            }

            if (!credentials.Remove(field.Name) && !IsTransport(request, field))
            {
                Add(parts, place, field.Value);
            }
        }
    }

    // Long names of the known SDKs; they would not pass for a plain word.
    private static bool IsUsual(string name) =>
        name.StartsWith("x-stainless-", StringComparison.OrdinalIgnoreCase) && name.Length < 40
        || name.Equals("anthropic-dangerous-direct-browser-access", StringComparison.OrdinalIgnoreCase)
        || name.Equals("x-openai-internal-codex-responses-lite", StringComparison.OrdinalIgnoreCase);

    /// <summary>Fields that transport alone explains, and only with a value that carries nothing else.</summary>
    private static bool IsTransport(WireRequest request, HeaderField field) => field.Name.ToLowerInvariant() switch
    {
        "host" => field.Value.Equals(request.Host, StringComparison.OrdinalIgnoreCase)
            || field.Value.StartsWith(request.Host + ":", StringComparison.OrdinalIgnoreCase) && field.Value.Length <= request.Host.Length + 6,
        "content-length" => field.Value.Length <= 12 && !field.Value.AsSpan().ContainsAnyExceptInRange('0', '9'),
        "content-type" => field.Value is "application/json" or "application/json; charset=utf-8" or "application/json;charset=UTF-8" or "application/json; charset=UTF-8",
        "connection" => field.Value is "keep-alive" or "close" or "Keep-Alive",
        _ => false,
    };

    private static void Add(List<Part> parts, string place, string text)
    {
        if (text.Length > 0)
        {
            parts.Add(new Part { Place = new PartPlace(place), Text = text, Provenance = Provenance.Harness });
        }
    }

    private static string Unescape(string text)
    {
        try
        {
            return text.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(text) : text;
        }
        catch (Exception error) when (error is FormatException or EncoderFallbackException or ArgumentException)
        {
            return text;
        }
    }
}
