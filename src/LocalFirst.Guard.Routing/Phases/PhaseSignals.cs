using System.Text.Json;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Routing;

/// <summary>What one request says of its phase, without anything of the session before it. Pure: same request, same signals.</summary>
/// <param name="Background">Kind of a request beside the conversation; null for one of the conversation.</param>
/// <param name="Marked">The phase of the last marker; null without one.</param>
/// <param name="CannotAct">Whether the client says that the agent may not act.</param>
/// <param name="Acts">Whether the request declares a tool to act with.</param>
/// <param name="IsHumanTurn">Whether a person spoke last; false inside a tool loop.</param>
internal readonly record struct PhaseSignals(string? Background, string? Marked, bool CannotAct, bool Acts, bool IsHumanTurn)
{
    private const string ReminderStart = "<system-reminder>";
    private const string ReminderEnd = "</system-reminder>";

    private static readonly ClientPhases NothingKnown = new([], [], [], [], []);

    /// <summary>Longest header that is read as metadata; Codex's was seen at 900 characters.</summary>
    private const int MaxMetadata = 16 * 1024;

    /// <summary>Reads them.</summary>
    /// <param name="known">What is known of the client; null when nothing is, and then only who spoke last is told.</param>
    /// <param name="prompt">The request.</param>
    /// <param name="headers">Its header fields.</param>
    public static PhaseSignals Read(ClientPhases? known, Prompt prompt, IReadOnlyList<HeaderField> headers)
    {
        var phases = known ?? NothingKnown;
        var conversation = Conversation.Read(phases, prompt);
        return new PhaseSignals(
            BackgroundKind(phases, prompt, headers, conversation.LastUserText),
            conversation.Marked,
            phases.Planning.Any(rule => Agrees(rule, headers)),
            prompt.Tools.Any(tool => phases.ActingTools.Contains(tool.Name, StringComparer.Ordinal)),
            conversation.IsHumanTurn);
    }

    private static string? BackgroundKind(ClientPhases phases, Prompt prompt, IReadOnlyList<HeaderField> headers, string? lastUserText)
    {
        foreach (var rule in phases.Background)
        {
            if ((!rule.NoTools || prompt.Tools.Count == 0)
                && (rule.MaxAnswerTokens is not { } bound || prompt.MaxAnswerTokens == bound)
                && (rule.At is null || TextAt(prompt, rule.At) == rule.Is)
                && (rule.LastUserText is null || lastUserText?.StartsWith(rule.LastUserText, StringComparison.Ordinal) == true)
                && (rule.Metadata is null || Agrees(rule.Metadata, headers)))
            {
                return rule.Kind;
            }
        }

        return null;
    }

    private static string? TextAt(Prompt prompt, string pointer)
    {
        foreach (var part in prompt.Parts)
        {
            if (string.Equals(part.Place.Pointer, pointer, StringComparison.Ordinal))
            {
                return part.Text;
            }
        }

        return null;
    }

    private static bool Agrees(MetadataRule rule, IReadOnlyList<HeaderField> headers)
    {
        foreach (var header in headers)
        {
            if (string.Equals(header.Name, rule.Header, StringComparison.OrdinalIgnoreCase))
            {
                return Member(header.Value, rule.Key) is { } value && (value == rule.Value) != rule.IsNot;
            }
        }

        return false;
    }

    /// <summary>A string member of the outermost object: what stands deeper, such as names of folders, is not the client's own word.</summary>
    private static string? Member(string json, string key)
    {
        if (json.Length > MaxMetadata)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What the messages of a conversation say.</summary>
    private readonly record struct Conversation(string? Marked, string? LastUserText, bool IsHumanTurn)
    {
        public static Conversation Read(ClientPhases phases, Prompt prompt)
        {
            string? marked = null, reminded = null, lastText = null;
            var (last, lastRole, hasSystemMessage, hasToolOutput) = (-1, PartRole.None, false, false);
            foreach (var part in prompt.Parts)
            {
                var pointer = part.Place.Pointer;
                if (MessageIndex(pointer) is not { } index)
                {
                    continue;
                }

                var isText = pointer.EndsWith("/content", StringComparison.Ordinal) || pointer.EndsWith("/text", StringComparison.Ordinal);
                if (part.Role == PartRole.System)
                {
                    if (isText && part.Provenance == Provenance.Harness)
                    {
                        hasSystemMessage = true;
                        marked = MarkIn(phases, part.Text) ?? marked;
                    }

                    continue;
                }

                if (index > last)
                {
                    (last, lastRole, hasToolOutput, lastText) = (index, PartRole.None, false, null);
                }

                hasToolOutput |= part.Provenance == Provenance.ToolOutput;
                if (isText && part.Role is PartRole.User or PartRole.Assistant)
                {
                    lastRole = part.Role;
                }

                if (isText && part.Role == PartRole.User && part.Provenance is Provenance.Human or Provenance.Harness)
                {
                    lastText = part.Text;
                    reminded = ReminderIn(phases, part.Text) ?? reminded;
                }
            }

            return new Conversation(hasSystemMessage ? marked : reminded, lastText, lastRole == PartRole.User && !hasToolOutput);
        }

        /// <summary>Position of the message that a place lies in: <c>/messages/4/…</c>, <c>/input/4/…</c>; null outside the conversation.</summary>
        private static int? MessageIndex(string pointer)
        {
            var rest = pointer.StartsWith("/messages/", StringComparison.Ordinal) ? pointer.AsSpan("/messages/".Length)
                : pointer.StartsWith("/input/", StringComparison.Ordinal) ? pointer.AsSpan("/input/".Length)
                : default;
            var slash = rest.IndexOf('/');
            return slash > 0 && int.TryParse(rest[..slash], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var index) ? index : null;
        }

        /// <summary>The phase of the last marker in a system message.</summary>
        private static string? MarkIn(ClientPhases phases, string text)
        {
            string? phase = null;
            var last = -1;
            foreach (var marker in phases.Markers)
            {
                if (marker.Place == MarkerPlace.SystemBlock)
                {
                    // Of several that begin the same text the first in the file is the closer one.
                    if (last < 0 && text.StartsWith(marker.Text, StringComparison.Ordinal))
                    {
                        (phase, last) = (marker.Phase, 0);
                    }
                }
                else if (marker.Place == MarkerPlace.SystemParagraph && LastParagraph(text, marker, phases.Quotes) is { } at && at > last)
                {
                    (phase, last) = (marker.Phase, at);
                }
            }

            return phase;
        }

        private static int? LastParagraph(string text, PhaseMarker marker, IReadOnlyList<string> quotes)
        {
            // Behind a quotation a paragraph may be a file's. That may end a planning phase, which costs nothing; it cannot open one.
            var trusted = marker.Phase == Phase.Planning ? text.AsSpan(0, QuoteStart(text, quotes)) : text;
            for (var at = trusted.LastIndexOf(marker.Text, StringComparison.Ordinal); at >= 0; at = trusted[..at].LastIndexOf(marker.Text, StringComparison.Ordinal))
            {
                if (at == 0 || (at >= 2 && trusted[at - 1] == '\n' && trusted[at - 2] == '\n'))
                {
                    return at;
                }
            }

            return null;
        }

        private static int QuoteStart(string text, IReadOnlyList<string> quotes)
        {
            var first = text.Length;
            foreach (var quote in quotes)
            {
                for (var at = text.IndexOf(quote, StringComparison.Ordinal); at >= 0 && at < first; at = text.IndexOf(quote, at + 1, StringComparison.Ordinal))
                {
                    if (at == 0 || text[at - 1] == '\n')
                    {
                        first = at;
                    }
                }
            }

            return first;
        }

        private static string? ReminderIn(ClientPhases phases, string text)
        {
            var trimmed = text.AsSpan().Trim();
            if (!trimmed.StartsWith(ReminderStart, StringComparison.Ordinal) || !trimmed.EndsWith(ReminderEnd, StringComparison.Ordinal))
            {
                return null;
            }

            var inner = trimmed[ReminderStart.Length..].TrimStart();
            foreach (var marker in phases.Markers)
            {
                if (marker.Place == MarkerPlace.Reminder && inner.StartsWith(marker.Text, StringComparison.Ordinal))
                {
                    return marker.Phase;
                }
            }

            return null;
        }
    }
}
