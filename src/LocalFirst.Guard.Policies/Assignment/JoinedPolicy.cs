using System.Security.Cryptography;
using System.Text;

namespace LocalFirst.Guard.Policies.Assignment;

/// <summary>Makes one policy of several: all their rules, of which the strictest wins as in any policy, and the smallest of their budgets.</summary>
public static class JoinedPolicy
{
    /// <summary>Joins. A single policy stays what it is.</summary>
    /// <param name="policies">At least one.</param>
    public static Policy Of(IReadOnlyList<Policy> policies)
    {
        ArgumentNullException.ThrowIfNull(policies);
        ArgumentOutOfRangeException.ThrowIfZero(policies.Count, nameof(policies));
        if (policies.Count == 1)
        {
            return policies[0];
        }

        var ordered = policies.OrderBy(p => p.Name, StringComparer.Ordinal).ToList();
        return new Policy(
            string.Join('+', ordered.Select(p => p.Name)),
            string.Join('+', ordered.Select(p => p.Version)),
            Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', ordered.Select(p => p.Hash))))),
            string.Join('+', ordered.Select(p => p.Source)),
            [.. ordered.SelectMany(p => p.Rules.Select(r => r with { Id = $"{p.Name}.{r.Id}" }))])
        {
            MonthlyBudgetUsd = ordered.Min(p => p.MonthlyBudgetUsd),
        };
    }
}
