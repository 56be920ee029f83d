using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace LocalFirst.Guard.Portal.Defences;

/// <summary>
/// Keeps data protection's key ring out of the user's home folder, where ASP.NET Core writes it unencrypted unless told otherwise. The keys only
/// protect form tokens of sessions that end with the process anyway.
/// </summary>
internal sealed class InMemoryKeys : IXmlRepository
{
    private readonly Lock _lock = new();
    private readonly List<XElement> _elements = [];

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        lock (_lock)
        {
            return [.. _elements.Select(e => new XElement(e))];
        }
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        lock (_lock)
        {
            _elements.Add(new XElement(element));
        }
    }
}
