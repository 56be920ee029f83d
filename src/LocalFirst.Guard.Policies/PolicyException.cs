namespace LocalFirst.Guard.Policies;

/// <summary>A policy cannot be had at all: no such file, not readable. What stands wrongly in one is a <see cref="Yaml.YamlFileException"/>.</summary>
/// <param name="what">What was wrong and where.</param>
/// <param name="next">What to do next.</param>
public sealed class PolicyException(string what, string next) : Exception($"{what}\n  → {next}");
