namespace LocalFirst.Guard.Protocols;

/// <summary>One endpoint of a provider.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Exact path, for example <c>/v1/messages</c>.</param>
/// <param name="Api">One of <see cref="ApiForm"/>.</param>
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

    /// <summary>Header names that carry the credential for this very destination; their values are not parts. Lower case.</summary>
    public IReadOnlyList<string> CredentialHeaders { get; init; } = [];

    /// <summary>The shape of the provider's own errors: <c>openai</c> or <c>anthropic</c>.</summary>
    public required string ErrorShape { get; init; }
}
