namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Which client program wrote a request, by what it says of itself (<c>rules/clients/*.yaml</c>). It is a claim, not a proof: good for
/// records and convenience, never for loosening a verdict.
/// </summary>
public sealed class ClientCatalogue
{
    /// <summary>The answer where no rule matches.</summary>
    public const string Unknown = "unknown";

    private readonly List<ClientEntry> _clients;

    private ClientCatalogue(List<ClientEntry> clients) => _clients = clients;

    /// <summary>The ids of all known clients.</summary>
    public IEnumerable<string> Ids => _clients.Select(client => client.Id);

    /// <summary>Reads the files that ship with the product.</summary>
    /// <exception cref="CatalogueException">A file is not valid.</exception>
    public static ClientCatalogue LoadBuiltIn() => new([.. CatalogueFile.Embedded("rules/clients/").Select(Read)]);

    /// <summary>Reads catalogue files given as texts; what an update or a test brings.</summary>
    /// <param name="files">File name and YAML text.</param>
    /// <exception cref="CatalogueException">A file is not valid.</exception>
    public static ClientCatalogue Load(IEnumerable<KeyValuePair<string, string>> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return new([.. files.Select(file => Read(CatalogueFile.Parse(file.Key, file.Value)))]);
    }

    /// <summary>
    /// The client's id, or <see cref="Unknown"/>. A header of the client's own goes before User-Agent, because agents built on an SDK
    /// send the SDK's; among User-Agent prefixes the longest wins.
    /// </summary>
    /// <param name="headers">Header fields of the request.</param>
    public string Identify(IReadOnlyList<HeaderField> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        foreach (var client in _clients)
        {
            if (client.Headers.Any(rule => headers.Any(rule.Matches)))
            {
                return client.Id;
            }
        }

        var userAgent = headers.FirstOrDefault(field => string.Equals(field.Name, "user-agent", StringComparison.OrdinalIgnoreCase)).Value;
        if (userAgent is null)
        {
            return Unknown;
        }

        var (id, longest) = (Unknown, 0);
        foreach (var client in _clients)
        {
            foreach (var prefix in client.UserAgents)
            {
                if (prefix.Length > longest && userAgent.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                {
                    (id, longest) = (client.Id, prefix.Length);
                }
            }
        }

        return id;
    }

    /// <summary>How a client tells its phases; null where nothing is known of it.</summary>
    /// <param name="id">Id of a client.</param>
    public ClientPhases? PhasesOf(string? id)
    {
        foreach (var client in _clients)
        {
            if (string.Equals(client.Id, id, StringComparison.Ordinal))
            {
                return client.Phases;
            }
        }

        return null;
    }

    private static ClientEntry Read(CatalogueFile file)
    {
        var root = file.Root;
        file.OnlyKeys(root, "id", "name", "headers", "userAgents", "phases");
        var headers = new List<HeaderRule>();
        foreach (var item in file.Items(root, "headers"))
        {
            var rule = file.Mapping(item, "a header rule");
            file.OnlyKeys(rule, "name", "prefix");
            // An empty prefix is meant: the header's presence is enough.
            var prefix = rule.Children.ContainsKey("prefix") && rule["prefix"] is YamlDotNet.RepresentationModel.YamlScalarNode scalar ? scalar.Value : null;
            headers.Add(new HeaderRule(file.Required(rule, "name"), prefix ?? ""));
        }

        var userAgents = file.Texts(root, "userAgents", text => text.Length > 0, "a prefix of User-Agent");
        if (headers.Count == 0 && userAgents.Count == 0)
        {
            throw file.Error(root, "a client needs 'headers' or 'userAgents'.");
        }

        _ = file.Required(root, "name");
        var phases = root.Children.TryGetValue("phases", out var node) ? ClientPhasesFile.Read(file, file.Mapping(node, "'phases'")) : null;
        return new ClientEntry(file.Required(root, "id"), headers, userAgents, phases);
    }

    private sealed record ClientEntry(string Id, IReadOnlyList<HeaderRule> Headers, IReadOnlyList<string> UserAgents, ClientPhases? Phases);

    private sealed record HeaderRule(string Name, string Prefix)
    {
        public bool Matches(HeaderField field) =>
            string.Equals(field.Name, Name, StringComparison.OrdinalIgnoreCase)
            && field.Value.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);
    }
}
