using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace LocalFirst.Guard.Protocols;

/// <summary>Reads <c>phases</c> of a client's file.</summary>
internal static class ClientPhasesFile
{
    private static readonly Dictionary<string, MarkerPlace> Places = new(StringComparer.Ordinal)
    {
        ["system-paragraph"] = MarkerPlace.SystemParagraph,
        ["system-block"] = MarkerPlace.SystemBlock,
        ["reminder"] = MarkerPlace.Reminder,
    };

    public static ClientPhases Read(CatalogueFile file, YamlMappingNode node)
    {
        file.OnlyKeys(node, "markers", "quotes", "background", "planning", "actingTools");
        return new ClientPhases(
            [.. file.Items(node, "markers").Select(item => Marker(file, file.Mapping(item, "a marker")))],
            file.Texts(node, "quotes", text => text.Length > 0, "the opening of a line"),
            [.. file.Items(node, "background").Select(item => Background(file, file.Mapping(item, "a background rule")))],
            [.. file.Items(node, "planning").Select(item => Metadata(file, file.Mapping(item, "a planning rule")))],
            file.Texts(node, "actingTools", text => text.Length > 0, "the name of a tool"));
    }

    private static PhaseMarker Marker(CatalogueFile file, YamlMappingNode node)
    {
        file.OnlyKeys(node, "phase", "in", "text");
        var phase = file.Required(node, "phase");
        if (phase is not ("planning" or "execution"))
        {
            throw file.Error(node, "'phase' of a marker must be planning or execution.");
        }

        return Places.TryGetValue(file.Required(node, "in"), out var place)
            ? new PhaseMarker(phase, place, file.Required(node, "text"))
            : throw file.Error(node, $"'in' must be one of {string.Join(", ", Places.Keys)}.");
    }

    private static BackgroundRule Background(CatalogueFile file, YamlMappingNode node)
    {
        file.OnlyKeys(node, "kind", "tools", "maxAnswerTokens", "at", "is", "lastUserText", "metadata");
        var tools = file.Optional(node, "tools");
        if (tools is not (null or "none"))
        {
            throw file.Error(node, "'tools' can only be none.");
        }

        var bound = file.Optional(node, "maxAnswerTokens");
        var number = 0;
        if (bound is not null && !int.TryParse(bound, NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            throw file.Error(node, "'maxAnswerTokens' must be a whole number.");
        }

        var (at, value) = (file.Optional(node, "at"), file.Optional(node, "is"));
        if (at is null != value is null)
        {
            throw file.Error(node, "'at' and 'is' stand together: a JSON pointer and the text there.");
        }

        var rule = new BackgroundRule(file.Required(node, "kind"))
        {
            NoTools = tools is not null,
            MaxAnswerTokens = bound is null ? null : number,
            At = at,
            Is = value,
            LastUserText = file.Optional(node, "lastUserText"),
            Metadata = node.Children.TryGetValue("metadata", out var metadata) ? Metadata(file, file.Mapping(metadata, "'metadata'")) : null,
        };
        return rule is { NoTools: false, MaxAnswerTokens: null, At: null, LastUserText: null, Metadata: null }
            ? throw file.Error(node, "a background rule without a condition would match every request.")
            : rule;
    }

    private static MetadataRule Metadata(CatalogueFile file, YamlMappingNode node)
    {
        file.OnlyKeys(node, "header", "key", "is", "isNot");
        var (value, not) = (file.Optional(node, "is"), file.Optional(node, "isNot"));
        return value is null != not is null
            ? new MetadataRule(file.Required(node, "header"), file.Required(node, "key"), value ?? not!, not is not null)
            : throw file.Error(node, "write either 'is' or 'isNot'.");
    }
}
