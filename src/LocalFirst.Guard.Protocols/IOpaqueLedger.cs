namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Which opaque values (encrypted reasoning, thinking signatures, response and file ids) a provider was seen to issue through this
/// broker. Such a value says nothing new to its issuer; any other might be a container for something else.
/// </summary>
public interface IOpaqueLedger
{
    /// <summary>Whether the provider issued this very value. Must be fast: it is asked for each opaque value of each turn.</summary>
    /// <param name="provider">The provider's id in the catalogue.</param>
    /// <param name="value">The value as the client sent it.</param>
    bool WasIssued(string provider, string value);
}
