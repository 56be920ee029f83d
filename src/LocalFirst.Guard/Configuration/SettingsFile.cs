using System.Net;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Fleet.SignIn;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Yaml;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Configuration;

/// <summary>Reads <c>guard.yaml</c>. Form: <c>schemas/guard.schema.json</c>. Relative paths are relative to the file.</summary>
internal static class SettingsFile
{
    /// <summary>Most entries of <c>upstreams</c> and of <c>models</c>.</summary>
    private const int MaxEntries = 200;

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file; where there is none, the defaults hold.</param>
    /// <param name="mustExist">Whether a missing file is an error: so with <c>--config FILE</c>, where a typo would silently mean the defaults.</param>
    /// <exception cref="GuardException">It cannot be read.</exception>
    /// <exception cref="YamlFileException">It says something that is no setting.</exception>
    public static GuardSettings Load(string path, bool mustExist = false)
    {
        var full = Path.GetFullPath(path);
        if (!File.Exists(full) && !Directory.Exists(full))
        {
            return mustExist
                ? throw new GuardException($"There is no configuration file {path}.", "Check the path of --config, or leave it out to use guard.yaml in the home folder.")
                : new GuardSettings();
        }

        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException($"The configuration file {path} cannot be read ({e.GetType().Name}).", "Check that it is a file and that you may read it.");
        }

        return Parse(bytes, path, Path.GetDirectoryName(full)!);
    }

    /// <summary>Reads the file's bytes.</summary>
    /// <param name="bytes">UTF-8 YAML; a file of nothing but comments means the defaults.</param>
    /// <param name="file">Its name for messages.</param>
    /// <param name="folder">What relative paths are relative to.</param>
    public static GuardSettings Parse(byte[] bytes, string file, string folder)
    {
        if (IsOnlyComments(bytes))
        {
            return new GuardSettings();
        }

        var map = YamlReader.Parse(bytes, file).AsMap();
        map.AllowOnly(GuardSettings.Keys);
        var defaults = new GuardSettings();
        var settings = new GuardSettings
        {
            Listen = Endpoint(map.Find("listen")) ?? defaults.Listen,
            Portal = Endpoint(map.Find("portal")) ?? defaults.Portal,
            Policy = PolicyName(map.Find("policy"), folder) ?? defaults.Policy,
            NamesPolicy = map.Find("policy") is not null,
            Upstreams = Upstreams(map.Find("upstreams")) ?? defaults.Upstreams,
            UpstreamTrust = FilePath(map.Find("upstreamTrust"), folder),
            Prices = map.Find("prices") is { } prices ? [.. prices.AsScalars().Select(s => FilePath(s, folder)!)] : [],
            Models = Models(map.Find("models"), folder) ?? defaults.Models,
            Server = map.Find("server") is { } server ? Address(server, requireTls: true) : null,
            Fleet = Fleet(map.Find("fleet"), folder) ?? defaults.Fleet,
            AzureAd = AzureAd(map.Find("azureAd")) ?? defaults.AzureAd,
            Plans = Plans(map.Find("plans")) ?? defaults.Plans,
        };

        if (settings.Listen.Port != 0 && settings.Listen.Equals(settings.Portal))
        {
            throw (map.Find("portal") ?? map.Find("listen")!).Error("proxy and portal cannot share an address.", "Give one of them another port.");
        }

        return settings;
    }

    private static bool IsOnlyComments(byte[] bytes)
    {
        foreach (var line in System.Text.Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF').Split('\n'))
        {
            var text = line.Trim();
            if (text.Length > 0 && text[0] != '#')
            {
                return false;
            }
        }

        return true;
    }

    private static IPEndPoint? Endpoint(YamlNode? node)
    {
        if (node is null)
        {
            return null;
        }

        return LoopbackEndpoint.TryParse(node.AsScalar().Value, out var endpoint, out var what, out var next)
            ? endpoint
            : throw node.Error(what, next);
    }

    private static string? PolicyName(YamlNode? node, string folder)
    {
        if (node is null)
        {
            return null;
        }

        var text = node.AsScalar().AsText(maxLength: 4096);
        if (PolicyFile.BuiltInNames.Contains(text, StringComparer.Ordinal))
        {
            return text;
        }

        // A word that is neither a known policy nor looks like a path is a misspelt name, not a file that happens to be missing.
        return text.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || text.EndsWith(".yml", StringComparison.OrdinalIgnoreCase) || text.AsSpan().ContainsAny('/', '\\')
            ? Path.GetFullPath(text, folder)
            : throw node.Error($"there is no built-in policy '{Shown(text)}'.", $"Write {string.Join(" or ", PolicyFile.BuiltInNames)}, or the path of a policy file, such as policies/mine.yaml.");
    }

    /// <summary>A mistyped name, short and without control characters, so that the message shows it on one line.</summary>
    private static string Shown(string name) => PlainText.Of(name.Length <= 60 ? name : name[..60] + "…");

    private static string? FilePath(YamlNode? node, string folder) =>
        node is null ? null : Path.GetFullPath(node.AsScalar().AsText(maxLength: 4096), folder);

    private static Dictionary<string, Uri>? Upstreams(YamlNode? node)
    {
        if (node is null)
        {
            return null;
        }

        var map = node.AsMap();
        if (map.Count > MaxEntries)
        {
            throw node.Error($"there are more than {MaxEntries} entries.", "Keep those that are used.");
        }

        var upstreams = new Dictionary<string, Uri>(StringComparer.OrdinalIgnoreCase);
        foreach (var (host, address) in map.Entries)
        {
            if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
            {
                throw map.ErrorAtKey(host, "this is not a host name.", "Write the provider's host alone, without scheme and port: api.openai.com.");
            }

            var mapped = Address(address);
            if (mapped.Scheme != Uri.UriSchemeHttps)
            {
                throw map.ErrorAtKey(host, "an upstream is reached by https only: its requests carry credentials.", "Write https://…; upstreamTrust names the root of a certificate of your own.");
            }

            if (!upstreams.TryAdd(host, mapped))
            {
                throw map.ErrorAtKey(host, "this host stands here twice (case does not matter).", "Keep one of the two.");
            }
        }

        return upstreams;
    }

    private static List<ModelSettings>? Models(YamlNode? node, string folder)
    {
        if (node is null)
        {
            return null;
        }

        var list = node.AsList();
        return list.Items.Count > MaxEntries
            ? throw node.Error($"there are more than {MaxEntries} entries.", "Keep those that are used.")
            : [.. list.Items.Select(i => Model(i.AsMap(), folder))];
    }

    private static ModelSettings Model(YamlMap map, string folder)
    {
        map.AllowOnly(ModelSettings.Keys);
        var (name, url) = (map.Find("name"), map.Find("url"));
        if (name is null == url is null)
        {
            throw map.Error("a model has either a name or a url.", "Write 'name:' for one of the home folder's models, or 'url:' for an OpenAI-compatible endpoint.");
        }

        foreach (var (key, with, other) in new[] { ("model", url, "url"), ("natives", name, "name"), ("requireConfinement", name, "name") })
        {
            if (map.Find(key) is not null && with is null)
            {
                throw map.ErrorAtKey(key, $"'{key}' means something only beside '{other}'.", "Remove it.");
            }
        }

        return new ModelSettings
        {
            Name = name is null ? null : ModelName(name.AsScalar()),
            Url = url is null ? null : Address(url),
            Model = map.Find("model")?.AsScalar().AsText(),
            Context = map.Find("context")?.AsScalar().AsInteger(256, 4 * 1024 * 1024),
            Natives = FilePath(map.Find("natives"), folder),
            RequireConfinement = map.Find("requireConfinement")?.AsScalar().AsBoolean() ?? false,
        };
    }

    private static string ModelName(YamlScalar scalar)
    {
        var text = scalar.AsText(maxLength: 128);
        return char.IsAsciiLetterOrDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? text
            : throw scalar.Error("this is not a plain model name.", "Write the name that 'guard model list' prints, not a path; 'guard model add PATH' takes a file.");
    }

    private static FleetSettings? Fleet(YamlNode? node, string folder)
    {
        if (node is null)
        {
            return null;
        }

        var map = node.AsMap();
        map.AllowOnly(FleetSettings.Keys);
        var defaults = new FleetSettings();
        return new FleetSettings
        {
            Name = map.Find("name")?.AsScalar().AsText(maxLength: 64) ?? defaults.Name,
            Listen = map.Find("listen") is { } listen ? AnyEndpoint(listen) : defaults.Listen,
            Certificate = FilePath(map.Find("certificate"), folder),
            CertificateKey = FilePath(map.Find("certificateKey"), folder),
            Database = map.Find("database")?.AsScalar().AsText(maxLength: 4096),
            BundleDays = map.Find("bundleDays")?.AsScalar().AsInteger(1, 90) ?? defaults.BundleDays,
            Assignments = FilePath(map.Find("assignments"), folder),
        };
    }

    private static IPEndPoint AnyEndpoint(YamlNode node) =>
        LoopbackEndpoint.TryParseAny(node.AsScalar().Value, out var endpoint, out var what, out var next) ? endpoint : throw node.Error(what, next);

    private static Dictionary<string, string>? AzureAd(YamlNode? node)
    {
        if (node is null)
        {
            return null;
        }

        var map = node.AsMap();
        map.AllowOnly(DirectorySettings.Keys);
        return map.Entries.ToDictionary(e => e.Key, e => e.Value.AsScalar().AsText(maxLength: 2048), StringComparer.Ordinal);
    }

    private static Dictionary<string, IReadOnlyList<string>>? Plans(YamlNode? node)
    {
        if (node is null)
        {
            return null;
        }

        var terms = TermsCatalogue.LoadBuiltIn();
        var map = node.AsMap();
        var plans = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (provider, value) in map.Entries)
        {
            var known = terms.Of(provider).Select(t => t.Id).ToList();
            if (known.Count == 0)
            {
                throw map.ErrorAtKey(provider, $"no terms are known for a provider '{Shown(provider)}'.", "Write the id of a provider as 'guard audit tail' and the portal show it, for example anthropic.");
            }

            plans.Add(provider, [.. value.AsScalars().Select(named => known.Contains(named.Value, StringComparer.Ordinal)
                ? named.Value
                : throw named.Error($"'{Shown(named.Value)}' is not among the terms of {provider}.", $"Write one or more of: {string.Join(", ", known)}."))]);
        }

        return plans;
    }

    private static Uri Address(YamlNode node, bool requireTls = false)
    {
        var text = node.AsScalar().AsText(maxLength: 2048);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            throw node.Error("this is not an address.", "Write http:// or https:// and a host, with a port and a path if needed.");
        }

        // The message does not repeat the address: what stands before the @ is a password.
        if (uri.UserInfo.Length > 0)
        {
            throw node.Error("the address holds a user name or password.", "Remove it: configuration holds no secrets.");
        }

        if (uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            throw node.Error("a base address has neither ?query nor #fragment.", "Remove what follows the path.");
        }

        return requireTls && uri.Scheme != "https" && !uri.IsLoopback
            ? throw node.Error("the server must be reached by https.", "Write https://…")
            : uri;
    }
}
