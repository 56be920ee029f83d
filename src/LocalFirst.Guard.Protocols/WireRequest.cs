namespace LocalFirst.Guard.Protocols;

/// <summary>One header field as received.</summary>
/// <param name="Name">Field name, in the client's own case.</param>
/// <param name="Value">Field value.</param>
public readonly record struct HeaderField(string Name, string Value);

/// <summary>A request to a catalogued provider, before anything of it is understood.</summary>
public sealed record WireRequest
{
    /// <summary>The <see cref="Method"/> of one message on a stream, which has no HTTP method of its own.</summary>
    public const string MessageMethod = "MESSAGE";

    /// <summary>The provider that owns the destination host.</summary>
    public required ProviderEntry Provider { get; init; }

    /// <summary>Destination host, lower case, without port.</summary>
    public required string Host { get; init; }

    /// <summary>HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>Path and query exactly as the client wrote them.</summary>
    public required string RawTarget { get; init; }

    /// <summary>Header fields in order.</summary>
    public required IReadOnlyList<HeaderField> Headers { get; init; }

    /// <summary>The body as received (not yet content-decoded). The memory belongs to the caller.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>
    /// Set for the opening of a stream and for each message on it: the catalogue's endpoint that the stream is opened at. Null for a plain request, whose
    /// endpoint its request line names.
    /// </summary>
    public ProviderEndpoint? StreamEndpoint { get; init; }

    /// <summary>Opaque values that the provider was seen to issue on this very stream; null outside of streams.</summary>
    public IOpaqueLedger? IssuedOnStream { get; init; }

    /// <summary>The path without query, exactly as the client wrote it.</summary>
    public string Path => RawTarget.IndexOf('?', StringComparison.Ordinal) is var q and >= 0 ? RawTarget[..q] : RawTarget;

    /// <summary>All values of a header field joined by ", " (RFC 9110 §5.3), or null when it is absent.</summary>
    /// <param name="name">Field name; case does not matter.</param>
    public string? Header(string name)
    {
        string? joined = null;
        foreach (var field in Headers)
        {
            if (string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                joined = joined is null ? field.Value : joined + ", " + field.Value;
            }
        }

        return joined;
    }
}
