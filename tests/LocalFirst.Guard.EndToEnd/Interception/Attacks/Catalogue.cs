using Xunit;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>Every case, by family. <c>docs/attack-catalogue.md</c> lists them; a test holds the two together.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<(string Family, IReadOnlyList<Attack> Cases)> Families { get; } =
    [
        ("CONNECT forms", [.. Entries.ConnectForms]),
        ("Hosts that are this machine, or nobody", [.. Entries.Hosts]),
        ("Names that disagree", [.. Entries.Names]),
        ("Web pages and rebound names", [.. Entries.WebPages]),
        ("Lengths", [.. Messages.Lengths]),
        ("Transfer codings", [.. Messages.Codings]),
        ("Chunks and trailers", [.. Messages.Chunks]),
        ("Heads, versions, methods, pipelines", [.. Messages.Heads]),
        ("Content codings", [.. ContentCodings.All]),
        ("TLS towards the client", [.. TlsFloor.All]),
        ("HTTP/2 fields", [.. Http2Attacks.Fields]),
        ("HTTP/2 frames", [.. Http2Attacks.Frames]),
        ("HTTP/2 floods", [.. Http2Attacks.Floods]),
        ("Certificates of providers", [.. UpstreamCertificates.Cases]),
    ];

    private static readonly Dictionary<string, Attack> ById = Families.SelectMany(f => f.Cases).ToDictionary(a => a.Id);

    public static Attack Find(string id) => ById[id];

    public static TheoryData<string> Ids(string family) => [.. Families.Single(f => f.Family == family).Cases.Select(a => a.Id)];
}
