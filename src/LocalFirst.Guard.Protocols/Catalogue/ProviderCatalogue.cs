using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// The providers that are guarded. A host outside of it is no LLM host and is tunnelled untouched. Hosts are full names only: a
/// wildcard would one day decrypt a bank.
/// </summary>
public sealed partial class ProviderCatalogue
{
    private static readonly IdnMapping Idn = new();
    private readonly Dictionary<string, ProviderEntry> _byHost = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ProviderEntry> _byBasePath = new(StringComparer.Ordinal);

    private ProviderCatalogue(IReadOnlyList<ProviderEntry> providers) => Providers = providers;

    /// <summary>All providers, in the order of their files.</summary>
    public IReadOnlyList<ProviderEntry> Providers { get; }

    /// <summary>Reads the files that ship with the product.</summary>
    /// <exception cref="CatalogueException">A file is not valid.</exception>
    public static ProviderCatalogue LoadBuiltIn() => Build(CatalogueFile.Embedded("rules/providers/"));

    /// <summary>Reads catalogue files given as texts; what an update or a test brings.</summary>
    /// <param name="files">File name and YAML text.</param>
    /// <exception cref="CatalogueException">A file is not valid.</exception>
    public static ProviderCatalogue Load(IEnumerable<KeyValuePair<string, string>> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return Build(files.Select(file => CatalogueFile.Parse(file.Key, file.Value)));
    }

    /// <summary>The provider that owns a host, or null. Case, one trailing dot and Unicode spelling do not matter (RFC 5891, RFC 1034 §3.1).</summary>
    /// <param name="host">Host name without port.</param>
    public ProviderEntry? FindByHost(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return Normalise(host) is { } name ? _byHost.GetValueOrDefault(name) : null;
    }

    /// <summary>The provider behind the first path segment of base-URL mode, or null.</summary>
    /// <param name="segment">The segment, for example <c>openai</c>.</param>
    public ProviderEntry? FindByBasePath(string segment) => _byBasePath.GetValueOrDefault(segment);

    /// <summary>The host name as the catalogue writes it, or null when it is no host name.</summary>
    internal static string? Normalise(string host)
    {
        var name = host.EndsWith('.') ? host[..^1] : host;
        try
        {
            return name.Length is 0 or > 253 ? null : Idn.GetAscii(name).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static ProviderCatalogue Build(IEnumerable<CatalogueFile> files)
    {
        var providers = new List<ProviderEntry>();
        var catalogue = new ProviderCatalogue(providers);
        foreach (var file in files)
        {
            var entry = Read(file);
            if (providers.Exists(other => other.Id == entry.Id))
            {
                throw file.Error(file.Root, $"the id '{entry.Id}' is taken by another file.");
            }

            foreach (var host in entry.Hosts)
            {
                if (!catalogue._byHost.TryAdd(host, entry))
                {
                    throw file.Error(file.Root, $"the host '{host}' belongs to '{catalogue._byHost[host].Id}' already.");
                }
            }

            if (entry.BasePath is { } basePath && !catalogue._byBasePath.TryAdd(basePath, entry))
            {
                throw file.Error(file.Root, $"the base path '{basePath}' belongs to '{catalogue._byBasePath[basePath].Id}' already.");
            }

            providers.Add(entry);
        }

        return catalogue;
    }

    private static ProviderEntry Read(CatalogueFile file)
    {
        var root = file.Root;
        file.OnlyKeys(root, "id", "name", "hosts", "basePath", "errorShape", "credentialHeaders", "credentialQuery", "endpoints");
        var hosts = file.Texts(root, "hosts", HostName().IsMatch, "a full host name in lower case, without wildcard and port");
        if (hosts.Count == 0)
        {
            throw file.Error(root, "'hosts' needs at least one host.");
        }

        var basePath = file.Optional(root, "basePath");
        var endpoints = file.Items(root, "endpoints").Select(item => Endpoint(file, file.Mapping(item, "an endpoint"))).ToList();
        return new ProviderEntry
        {
            Id = Checked(file, root, file.Required(root, "id"), Word(), "'id' must be lower-case letters, digits and hyphens."),
            Name = file.Required(root, "name"),
            Hosts = hosts,
            BasePath = basePath is null ? null : Checked(file, root, basePath, Word(), "'basePath' must be one path segment of lower-case letters, digits and hyphens."),
            ErrorShape = file.Required(root, "errorShape") is "openai" or "anthropic" or "google"
                ? file.Required(root, "errorShape")
                : throw file.Error(root["errorShape"], "'errorShape' must be openai, anthropic or google."),
            CredentialHeaders = file.Texts(root, "credentialHeaders", Word().IsMatch, "a header name in lower case"),
            CredentialQuery = file.Texts(root, "credentialQuery", text => text.Length > 0, "a parameter name"),
            Endpoints = [.. endpoints.Where(e => !e.IsWebSocket).Select(e => e.Endpoint)],
            WebSockets = [.. endpoints.Where(e => e.IsWebSocket).Select(e => e.Endpoint)],
        };
    }

    private static (ProviderEndpoint Endpoint, bool IsWebSocket) Endpoint(CatalogueFile file, YamlMappingNode node)
    {
        file.OnlyKeys(node, "method", "path", "api", "transport");
        var api = file.Required(node, "api");
        if (api is not (ApiForm.OpenAiChat or ApiForm.OpenAiResponses or ApiForm.AnthropicMessages or ApiForm.AnthropicCountTokens))
        {
            throw file.Error(node["api"], $"'api' names no decoder: '{api}'.");
        }

        var endpoint = new ProviderEndpoint(
            Checked(file, node, file.Required(node, "method"), Method(), "'method' must be an HTTP method in capitals."),
            Checked(file, node, file.Required(node, "path"), ExactPath(), "'path' must be an exact path without query, escapes and trailing slash."),
            api);
        switch (file.Optional(node, "transport"))
        {
            case null or "http":
                return (endpoint, false);
            case "websocket" when endpoint is { Method: "GET", Api: ApiForm.OpenAiResponses }:
                return (endpoint, true);
            case "websocket":
                throw file.Error(node["transport"], "a websocket has the method GET (its upgrade) and, so far, the api openai.responses.");
            default:
                throw file.Error(node["transport"], "'transport' must be http or websocket.");
        }
    }

    private static string Checked(CatalogueFile file, YamlNode node, string value, Regex form, string problem) =>
        form.IsMatch(value) ? value : throw file.Error(node, problem);

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+\z", RegexOptions.NonBacktracking)]
    private static partial Regex HostName();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]*\z", RegexOptions.NonBacktracking)]
    private static partial Regex Word();

    [GeneratedRegex(@"\A[A-Z]+\z", RegexOptions.NonBacktracking)]
    private static partial Regex Method();

    [GeneratedRegex(@"\A/[^?#%]*[^?#%/]\z", RegexOptions.NonBacktracking)]
    private static partial Regex ExactPath();
}
