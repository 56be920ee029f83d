using System.Security.Claims;
using System.Text.Json;
using LocalFirst.Guard.Audit.Fleet;

namespace LocalFirst.Guard.Fleet.SignIn;

/// <summary>Reads a person out of a token of the directory (Microsoft identity platform, "ID token claims reference").</summary>
internal static class TokenPerson
{
    /// <summary>The person; null when the token names none (an application's own token has no groups, but still an <c>oid</c>).</summary>
    public static FleetPerson? Of(ClaimsPrincipal principal, DateTimeOffset seen)
    {
        var id = principal.FindFirstValue("oid") ?? principal.FindFirstValue("sub");
        return string.IsNullOrEmpty(id)
            ? null
            : new FleetPerson(
                id,
                principal.FindFirstValue("tid") ?? "",
                principal.FindFirstValue("preferred_username") ?? principal.FindFirstValue("name") ?? id,
                [.. principal.FindAll("groups").Select(c => c.Value)],
                seen);
    }

    /// <summary>
    /// Whether the directory left the groups out because they are too many (over 200 in a JWT): it then names a place to ask instead, in a claim that
    /// arrives as JSON text.
    /// </summary>
    public static bool HasGroupOverage(ClaimsPrincipal principal)
    {
        if (principal.FindFirstValue("hasgroups") is { } flag && flag.Equals("true", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (principal.FindFirstValue("_claim_names") is not { } names)
        {
            return false;
        }

        try
        {
            using var json = JsonDocument.Parse(names);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("groups", out _);
        }
        catch (JsonException)
        {
            // What cannot be read could say that groups are missing.
            return true;
        }
    }
}
