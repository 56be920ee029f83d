namespace LocalFirst.Guard.Policies;

/// <summary>The words of a policy file, as <c>schemas/policy.schema.json</c> lists them too (a test keeps both the same).</summary>
public static class PolicyWords
{
    /// <summary>Keys of a policy.</summary>
    public static readonly IReadOnlyList<string> PolicyKeys = ["name", "version", "budget", "rules"];

    /// <summary>Keys of a budget.</summary>
    public static readonly IReadOnlyList<string> BudgetKeys = ["monthlyUsd"];

    /// <summary>Keys of a rule.</summary>
    public static readonly IReadOnlyList<string> RuleKeys = ["id", "when", "then", "model", "reason"];

    /// <summary>Keys of a condition.</summary>
    public static readonly IReadOnlyList<string> WhenKeys = ["detector", "type", "tier", "confidence", "state", "phase", "client", "provider"];

    /// <summary>Actions, from the loosest to the strictest.</summary>
    public static readonly IReadOnlyList<string> Actions = ["allow", "redact", "local", "block"];

    /// <summary>Detectors.</summary>
    public static readonly IReadOnlyList<string> Detectors = ["secrets", "pii", "code"];

    /// <summary>Decode states.</summary>
    public static readonly IReadOnlyList<string> States = ["complete", "partial", "uninspectable", "undecodable"];

    /// <summary>Phases of an agent's work; <see cref="Unknown"/> stands for a request whose phase is not known.</summary>
    public static readonly IReadOnlyList<string> Phases = ["planning", "execution", "background", "other", Unknown];

    /// <summary>Stands for a client, provider or phase that is not known.</summary>
    public const string Unknown = "unknown";

    /// <summary>Stands for every type, client, provider or phase.</summary>
    public const string Any = "*";

    /// <summary>The word of an action.</summary>
    /// <param name="action">The action.</param>
    public static string Of(PolicyAction action) => Actions[(int)action];

    /// <summary>The action of a word; null when it is none.</summary>
    /// <param name="word">The word.</param>
    public static PolicyAction? ActionOf(string word)
    {
        for (var i = 0; i < Actions.Count; i++)
        {
            if (Actions[i] == word)
            {
                return (PolicyAction)i;
            }
        }

        return null;
    }
}
