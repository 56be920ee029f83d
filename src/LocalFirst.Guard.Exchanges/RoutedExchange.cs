using LocalFirst.Guard.Routing;

namespace LocalFirst.Guard.Exchanges;

/// <summary>What the money of one exchange rests on.</summary>
/// <param name="Provider">The provider's id.</param>
/// <param name="Model">The requested model; null when the request names none.</param>
/// <param name="Session">Keyed hash of the session's id; null when the client names none.</param>
/// <param name="Look">What is known of the request from its session.</param>
/// <param name="InputTokens">Estimated input tokens.</param>
/// <param name="MaxOutputTokens">The client's bound on answer tokens; null when it has none.</param>
internal sealed record RoutedExchange(string Provider, string? Model, string? Session, RoutedRequest Look, long InputTokens, int? MaxOutputTokens)
{
    /// <summary>The model that policy named in place of the requested one; null when the request goes out as it came.</summary>
    public string? ModelSent { get; init; }
}
