using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;

namespace LocalFirst.Guard.Portal.Access;

/// <summary>
/// Lets in whoever has one of these roles of the directory. It stands on the page model, so that what needs another role is another page: on a
/// handler, ASP.NET Core would not look at it.
/// </summary>
/// <param name="anyOf">Names of <see cref="LocalFirst.Guard.Audit.Fleet.FleetRoles"/>; one of them is enough.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class LetsInAttribute(params string[] anyOf) : AuthorizeAttribute, IAuthorizationRequirementData
{
    /// <summary>Claim that holds a role, as the directory's token names it.</summary>
    public const string RoleClaim = "roles";

    // Without any name, ASP.NET Core would take every role for the right one.
    public IReadOnlyList<string> AnyOf { get; } = anyOf.Length > 0 ? anyOf : throw new ArgumentException("Name a role.", nameof(anyOf));

    public IEnumerable<IAuthorizationRequirement> GetRequirements() => [new ClaimsAuthorizationRequirement(RoleClaim, AnyOf)];
}
