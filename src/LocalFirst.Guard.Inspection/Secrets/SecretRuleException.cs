namespace LocalFirst.Guard.Inspection.Secrets;

/// <summary>A rule file cannot be used: which file, which rule, what is wrong with it.</summary>
internal sealed class SecretRuleException(string file, string? rule, string what)
    : Exception($"{file}: {(rule is null ? string.Empty : $"rule '{rule}': ")}{what}");
