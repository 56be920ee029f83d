namespace LocalFirst.Guard.Protocols;

/// <summary>A request without a body: path, query and headers are all of it.</summary>
internal static class BodylessDecoder
{
    public static Prompt Decode(WireRequest request, ProviderEndpoint? endpoint, IReadOnlyList<Part> envelope, string? sessionKey) => new()
    {
        Provider = request.Provider.Id,
        Api = ApiForm.Bodyless,
        Endpoint = endpoint,
        State = DecodeState.Complete,
        Parts = envelope,
        SessionKey = sessionKey,
    };
}
