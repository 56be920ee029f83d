using System.Security.Claims;

namespace LocalFirst.Guard.Portal.Access;

/// <summary>What pages ask of the person in front of them.</summary>
internal static class PersonExtensions
{
    /// <summary>Whether the person has one of these roles: for what a page offers, never in place of the check on the page that does it.</summary>
    public static bool May(this ClaimsPrincipal person, params string[] anyOf) =>
        person.Identity?.IsAuthenticated == true && anyOf.Any(role => person.HasClaim(LetsInAttribute.RoleClaim, role));

    /// <summary>Sign-in name, for records.</summary>
    public static string SignInName(this ClaimsPrincipal person) =>
        person.FindFirstValue("preferred_username") ?? person.FindFirstValue("name") ?? person.FindFirstValue("oid") ?? person.FindFirstValue("sub") ?? "";
}
