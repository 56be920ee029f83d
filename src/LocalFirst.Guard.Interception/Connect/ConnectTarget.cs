using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Interception.Connect;

/// <summary>Where a decrypted connection was going: a connection feature that every request on it is held against.</summary>
/// <param name="Provider">The provider that owns the host.</param>
/// <param name="Host">The host of the CONNECT request.</param>
/// <param name="Port">Its port.</param>
internal sealed record ConnectTarget(ProviderEntry Provider, string Host, int Port);
