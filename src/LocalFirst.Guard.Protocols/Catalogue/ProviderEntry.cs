namespace LocalFirst.Guard.Protocols;

/// <summary>One endpoint of a provider.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Exact path, for example <c>/v1/messages</c>.</param>
/// <param name="Api">One of <see cref="ApiForm"/>; on a WebSocket the form of each message that a client sends.</param>
public sealed record ProviderEndpoint(string Method, string Path, string Api);

/// <summary>One provider of the catalogue (<c>rules/providers/*.yaml</c>).</summary>
public sealed record ProviderEntry
{
    /// <summary>Stable id, for example <c>openai</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Full host names, lower case. Never a wildcard.</summary>
    public required IReadOnlyList<string> Hosts { get; init; }

    /// <summary>First path segment of base-URL mode (<c>/openai/v1/…</c>), or null.</summary>
    public string? BasePath { get; init; }

    /// <summary>Known endpoints.</summary>
    public IReadOnlyList<ProviderEndpoint> Endpoints { get; init; } = [];

    /// <summary>Endpoints that are WebSockets whose messages can be inspected (<c>transport: websocket</c>); no other WebSocket is opened.</summary>
    public IReadOnlyList<ProviderEndpoint> WebSockets { get; init; } = [];

    /// <summary>Header names that carry the credential for this very destination; their values are not parts. Lower case.</summary>
    public IReadOnlyList<string> CredentialHeaders { get; init; } = [];

    /// <summary>Query parameters that carry the credential for this very destination (<c>?key=</c>); their values are not parts.</summary>
    public IReadOnlyList<string> CredentialQuery { get; init; } = [];

    /// <summary>The shape of the provider's own errors: <c>openai</c>, <c>anthropic</c> or <c>google</c>.</summary>
    public required string ErrorShape { get; init; }

    /// <summary>
    /// The endpoint that a request line names, or null. The path must be equal to the letter: a trailing slash, <c>%2F</c> or a dot
    /// segment is another path, because the provider's router may read it in another way than this broker would.
    /// </summary>
    /// <param name="method">HTTP method, in its own case.</param>
    /// <param name="path">Path without query, as the client wrote it.</param>
    public ProviderEndpoint? Match(string method, string path) => Find(Endpoints, method, path);

    /// <summary>The WebSocket endpoint at a path, equal to the letter, or null.</summary>
    /// <param name="path">Path without query, as the client wrote it.</param>
    public ProviderEndpoint? MatchWebSocket(string path) => Find(WebSockets, "GET", path);

    private static ProviderEndpoint? Find(IReadOnlyList<ProviderEndpoint> endpoints, string method, string path)
    {
        foreach (var endpoint in endpoints)
        {
            if (string.Equals(endpoint.Method, method, StringComparison.Ordinal)
                && string.Equals(endpoint.Path, path, StringComparison.Ordinal))
            {
                return endpoint;
            }
        }

        return null;
    }
}
