namespace LocalFirst.Guard;

/// <summary>An error that a person can mend: what was wrong and where, and what to do next.</summary>
internal sealed class GuardException(string what, string next) : Exception($"{what}\n  → {next}");
