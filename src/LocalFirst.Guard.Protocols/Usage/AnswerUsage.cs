namespace LocalFirst.Guard.Protocols;

/// <summary>What an answer said that it used.</summary>
/// <param name="Model">The model that answered, as it named itself; null when it did not. Text of the provider's: not trusted.</param>
/// <param name="Tokens">Its tokens.</param>
public sealed record AnswerUsage(string? Model, TokenCounts Tokens);
