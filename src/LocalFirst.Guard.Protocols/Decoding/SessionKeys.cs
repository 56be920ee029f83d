using System.Text;

namespace LocalFirst.Guard.Protocols;

/// <summary>Where clients say which conversation a request belongs to (captured from the clients themselves).</summary>
internal static class SessionKeys
{
    private static readonly string[] Headers = ["x-claude-code-session-id", "session_id", "session-id", "x-session-id", "x-client-session-id"];

    public static string? FromHeaders(WireRequest request)
    {
        foreach (var name in Headers)
        {
            if (request.Header(name) is { Length: > 0 } value)
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>
    /// Anthropic's <c>metadata.user_id</c> as Claude Code fills it: JSON text with a <c>session_id</c>, in earlier versions
    /// <c>user_…_session_ID</c>. Any other value names a user, not a session.
    /// </summary>
    public static string? FromUserId(string? userId)
    {
        if (string.IsNullOrEmpty(userId) || userId.Length > 4096)
        {
            return null;
        }

        if (userId[0] == '{' && JsonTape.Read(Encoding.UTF8.GetBytes(userId), out var failure) is { } tape && failure is null)
        {
            return tape.Text(0, "session_id");
        }

        var mark = userId.LastIndexOf("_session_", StringComparison.Ordinal);
        return mark >= 0 ? userId[(mark + "_session_".Length)..] : null;
    }
}
