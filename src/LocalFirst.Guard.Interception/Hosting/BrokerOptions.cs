using System.Net;
using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Interception.Certificates;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Interception;

/// <summary>What the listener is made of.</summary>
public sealed record BrokerOptions
{
    /// <summary>Loopback address and port; port 0 takes a free one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The provider catalogue.</summary>
    public required ProviderCatalogue Catalogue { get; init; }

    /// <summary>The machine's certificate authority.</summary>
    public required CertificateAuthority Authority { get; init; }

    /// <summary>The journey.</summary>
    public required ExchangePipeline Pipeline { get; init; }

    /// <summary>Told what was refused before there was an exchange.</summary>
    public required IInterceptionEvents Events { get; init; }

    /// <summary>Where providers really are.</summary>
    public UpstreamMap Upstreams { get; init; } = UpstreamMap.None;

    /// <summary>Bounds of request bodies.</summary>
    public BodyBufferPool Bodies { get; init; } = new();

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
