using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace LocalFirst.Guard.Protocols;

/// <summary>Reads one file of <c>rules/providers/terms</c>. Form: <c>schemas/terms.schema.json</c>.</summary>
internal static partial class TermsFile
{
    /// <summary>Keys of the file.</summary>
    public static readonly string[] Keys = ["vendor", "asOf", "terms"];

    /// <summary>Keys of a row.</summary>
    public static readonly string[] RowKeys =
    [
        "id", "product", "plan", "providers", "hosts", "paths", "credentials", "recognised", "trains", "training", "retentionDays", "retention",
        "zeroRetention", "region", "evidence", "stronger", "sources", "unknown",
    ];

    /// <summary>Words of <c>trains</c>.</summary>
    public static readonly string[] TrainsWords = ["yes", "opt-out", "no", "unknown"];

    /// <summary>Words of <c>kind</c>.</summary>
    public static readonly string[] Kinds = ["primary", "secondary", "mirror"];

    /// <summary>Words of <c>evidence</c>; <c>level</c> takes all but the first.</summary>
    public static readonly string[] Levels = ["E0", "E1", "E2", "E3", "E4", "E5"];

    /// <summary>Longest id: with "@" and a date it fits into the 64 bytes of a record's name.</summary>
    public const int MaxId = 53;

    /// <summary>Most days of retention that can be meant.</summary>
    public const int MaxDays = 36500;

    public static IReadOnlyList<ProviderTerms> Read(CatalogueFile file)
    {
        var root = file.Root;
        file.OnlyKeys(root, Keys);
        var vendor = file.Required(root, "vendor");
        var asOf = Date(file, root, "asOf") ?? throw file.Error(root, "'asOf' is missing.");
        var rows = file.Items(root, "terms").Select(item => Row(file, file.Mapping(item, "a row of 'terms'"), vendor, asOf)).ToList();
        return rows.Count > 0 ? rows : throw file.Error(root, "'terms' needs at least one row.");
    }

    private static ProviderTerms Row(CatalogueFile file, YamlMappingNode node, string vendor, DateOnly asOf)
    {
        file.OnlyKeys(node, RowKeys);
        var id = file.Required(node, "id");
        if (!Word().IsMatch(id) || id.Length > MaxId)
        {
            throw file.Error(node["id"], $"'id' must be at most {MaxId} lower-case letters, digits and hyphens.");
        }

        var sources = file.Items(node, "sources").Select(item => Source(file, file.Mapping(item, "a source"))).ToList();
        return new ProviderTerms
        {
            Id = id,
            Vendor = vendor,
            AsOf = asOf,
            Product = file.Required(node, "product"),
            Plan = file.Required(node, "plan"),
            Providers = file.Texts(node, "providers", Word().IsMatch, "the id of a provider"),
            Hosts = file.Texts(node, "hosts", HostName().IsMatch, "a full host name in lower case, without wildcard and port"),
            Paths = file.Texts(node, "paths", Path().IsMatch, "the beginning of a path without query and escapes"),
            Credentials = file.Texts(node, "credentials", Prefix().IsMatch, "the beginning of a credential: 2 to 32 letters, digits, hyphens and underscores"),
            Recognised = file.Required(node, "recognised"),
            Trains = OneOf(file, node, "trains", TrainsWords) switch
            {
                "yes" => TrainingUse.Yes,
                "opt-out" => TrainingUse.OptOut,
                "no" => TrainingUse.No,
                _ => TrainingUse.Unknown,
            },
            Training = file.Optional(node, "training"),
            RetentionDays = Days(file, node),
            Retention = file.Optional(node, "retention"),
            ZeroRetention = file.Optional(node, "zeroRetention"),
            Region = file.Optional(node, "region"),
            Evidence = OneOf(file, node, "evidence", Levels),
            Stronger = [.. file.Items(node, "stronger").Select(item => Stronger(file, file.Mapping(item, "an item of 'stronger'")))],
            Sources = sources.Count > 0 ? sources : throw file.Error(node, "'sources' needs at least one source."),
            Unknown = file.Texts(node, "unknown", text => text.Length > 0, "a sentence"),
        };
    }

    private static TermsSource Source(CatalogueFile file, YamlMappingNode node)
    {
        file.OnlyKeys(node, "source", "kind", "date");
        return new TermsSource(file.Required(node, "source"), OneOf(file, node, "kind", Kinds), Date(file, node, "date"));
    }

    private static TermsEvidence Stronger(CatalogueFile file, YamlMappingNode node)
    {
        file.OnlyKeys(node, "level", "by");
        return new TermsEvidence(OneOf(file, node, "level", Levels[1..]), file.Required(node, "by"));
    }

    private static string OneOf(CatalogueFile file, YamlMappingNode node, string key, string[] words)
    {
        var text = file.Required(node, key);
        return words.Contains(text, StringComparer.Ordinal) ? text : throw file.Error(node[key], $"'{key}' must be one of: {string.Join(", ", words)}.");
    }

    private static int? Days(CatalogueFile file, YamlMappingNode node)
    {
        if (file.Optional(node, "retentionDays") is not { } text)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days <= MaxDays
            ? days
            : throw file.Error(node["retentionDays"], $"'retentionDays' must be a whole number from 0 to {MaxDays}; leave it out where no source gives a number.");
    }

    private static DateOnly? Date(CatalogueFile file, YamlMappingNode node, string key)
    {
        if (file.Optional(node, key) is not { } text)
        {
            return null;
        }

        return DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date
            : throw file.Error(node[key], $"'{key}' must be a date: YYYY-MM-DD.");
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]*\z", RegexOptions.NonBacktracking)]
    private static partial Regex Word();

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+\z", RegexOptions.NonBacktracking)]
    private static partial Regex HostName();

    [GeneratedRegex(@"\A/[^?#%]*\z", RegexOptions.NonBacktracking)]
    private static partial Regex Path();

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{2,32}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Prefix();
}
