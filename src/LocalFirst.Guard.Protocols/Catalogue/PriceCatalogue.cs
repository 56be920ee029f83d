using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// What models cost (<c>rules/prices/*.yaml</c>, form: <c>schemas/prices.schema.json</c>). A model that no file names has no price: it is unknown, never
/// free. A name stands for itself and for itself with a date or <c>latest</c> behind it (<c>-20250929</c>, <c>-2025-09-29</c>, <c>@20250929</c>), the
/// forms in which providers pin a model; any other ending is another model.
/// </summary>
public sealed class PriceCatalogue
{
    /// <summary>Most dollars for a million tokens that are taken for a price: beyond it somebody wrote another unit.</summary>
    private const decimal MaxRate = 100_000;

    private static readonly Lazy<PriceCatalogue> Shipped = new(() => Read(CatalogueFile.Embedded("rules/prices/")));

    private static readonly string[] RateKeys = ["input", "cacheRead", "cacheWrite", "cacheWriteLong", "output"];

    private readonly Dictionary<(string Provider, string Model), ModelPrice> _prices;

    private PriceCatalogue(Dictionary<(string, string), ModelPrice> prices) => _prices = prices;

    /// <summary>The files that ship with the product, and what the user's own files say in their place.</summary>
    /// <param name="own">File name and YAML text of the user's files; a later one goes before an earlier one.</param>
    /// <exception cref="CatalogueException">A file is not valid.</exception>
    public static PriceCatalogue LoadBuiltIn(IReadOnlyCollection<KeyValuePair<string, string>>? own = null) =>
        own is not { Count: > 0 } ? Shipped.Value : Read(CatalogueFile.Embedded("rules/prices/").Concat(own.Select(file => CatalogueFile.Parse(file.Key, file.Value))));

    /// <summary>Reads price files given as texts.</summary>
    /// <param name="files">File name and YAML text; a later one goes before an earlier one.</param>
    /// <exception cref="CatalogueException">A file is not valid.</exception>
    public static PriceCatalogue Load(IEnumerable<KeyValuePair<string, string>> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return Read(files.Select(file => CatalogueFile.Parse(file.Key, file.Value)));
    }

    /// <summary>Number of model names with a price.</summary>
    public int Count => _prices.Count;

    /// <summary>The price of a model, or null when nobody told one.</summary>
    /// <param name="provider">The provider's id in the catalogue.</param>
    /// <param name="model">The model's name as a request or an answer spells it; null has no price.</param>
    public ModelPrice? Find(string provider, string? model)
    {
        if (string.IsNullOrEmpty(model))
        {
            return null;
        }

        return _prices.TryGetValue((provider, model), out var price) || _prices.TryGetValue((provider, WithoutDate(model)), out price) ? price : null;
    }

    /// <summary>The name without the date that pins it.</summary>
    private static string WithoutDate(string model)
    {
        var name = model.AsSpan();
        if (name.EndsWith("-latest", StringComparison.Ordinal))
        {
            return model[..^"-latest".Length];
        }

        if (name.Length > 9 && name[^9] is '-' or '@' && AreDigits(name[^8..]))
        {
            return model[..^9];
        }

        return name.Length > 11 && name[^11] == '-' && name[^6] == '-' && name[^3] == '-' && AreDigits(name[^10..^6]) && AreDigits(name[^5..^3]) && AreDigits(name[^2..])
            ? model[..^11]
            : model;
    }

    private static bool AreDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    private static PriceCatalogue Read(IEnumerable<CatalogueFile> files)
    {
        var prices = new Dictionary<(string, string), ModelPrice>();
        foreach (var file in files)
        {
            file.OnlyKeys(file.Root, "provider", "version", "source", "models");
            var provider = file.Required(file.Root, "provider");
            var version = file.Required(file.Root, "version");
            if (version.Length > 32)
            {
                throw file.Error(file.Root, "'version' is longer than 32 characters; write the date of the prices.");
            }

            var own = new HashSet<string>(StringComparer.Ordinal);
            foreach (var item in file.Items(file.Root, "models"))
            {
                var model = file.Mapping(item, "a model");
                file.OnlyKeys(model, "names", "input", "cacheRead", "cacheWrite", "cacheWriteLong", "output", "above");
                var names = file.Texts(model, "names", text => text.Length is > 0 and <= 80, "a model's name of at most 80 characters");
                if (names.Count == 0)
                {
                    throw file.Error(model, "a price needs 'names': the names of the model.");
                }

                var price = Price(file, model, version);
                foreach (var name in names)
                {
                    if (!own.Add(name))
                    {
                        throw file.Error(model, $"'{name}' has a price already in this file.");
                    }

                    prices[(provider, name)] = price;
                }
            }
        }

        return new PriceCatalogue(prices);
    }

    private static ModelPrice Price(CatalogueFile file, YamlMappingNode model, string version)
    {
        var rates = Rates(file, model, null);
        if (!model.Children.TryGetValue("above", out var node))
        {
            return new ModelPrice(rates, null, 0, version);
        }

        var above = file.Mapping(node, "'above'");
        file.OnlyKeys(above, ["tokens", .. RateKeys]);
        return long.TryParse(file.Required(above, "tokens"), NumberStyles.None, CultureInfo.InvariantCulture, out var tokens) && tokens > 0
            ? new ModelPrice(rates, Rates(file, above, rates), tokens, version)
            : throw file.Error(above, "'tokens' must be a whole number of input tokens.");
    }

    /// <summary>What is left out: reading and writing the cache cost what input costs, an hour in the cache what five minutes do; in a tier, what holds below it.</summary>
    private static TokenRates Rates(CatalogueFile file, YamlMappingNode node, TokenRates? below)
    {
        var input = Rate(file, node, "input") ?? below?.Input ?? throw file.Error(node, "'input' is missing: US dollars for a million input tokens.");
        var output = Rate(file, node, "output") ?? below?.Output ?? throw file.Error(node, "'output' is missing: US dollars for a million output tokens.");
        var write = Rate(file, node, "cacheWrite") ?? below?.CacheWrite ?? input;
        return new TokenRates(input, Rate(file, node, "cacheRead") ?? below?.CacheRead ?? input, write, Rate(file, node, "cacheWriteLong") ?? below?.CacheWriteLong ?? write, output);
    }

    private static decimal? Rate(CatalogueFile file, YamlMappingNode node, string key) =>
        file.Optional(node, key) is not { } text ? null
        : decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate) && rate <= MaxRate ? rate
        : throw file.Error(node.Children[key], $"'{key}' must be US dollars for a million tokens, from 0 to {MaxRate}, such as 2.5.");
}
