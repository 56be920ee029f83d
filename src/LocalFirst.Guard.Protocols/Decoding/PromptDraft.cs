using System.Buffers;

namespace LocalFirst.Guard.Protocols;

/// <summary>What a body decoder has found so far. It collects facts and marks on the tape; <see cref="BodyParts"/> makes parts of them.</summary>
internal sealed class PromptDraft(JsonTape tape, string provider, IOpaqueLedger ledger)
{
    // Longer data in a field that the schema calls base64 is a file, not text; shorter data is cheap to look at as well.
    private const int BulkBase64 = 1024;

    private static readonly SearchValues<char> Base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n");

    // A client marks what it wrote itself into the user's turn; seen in requests of Claude Code 2.1 and Codex 0.169.
    private static readonly string[] HarnessMarks =
    [
        "<system-reminder>", "<environment_context>", "<local-command-caveat>", "<local-command-stdout>", "<command-name>",
    ];

    private readonly Dictionary<string, PartOrigin> _calls = new(StringComparer.Ordinal);

    public JsonTape Tape => tape;

    public string? Model { get; set; }

    public string? SessionKey { get; set; }

    public bool Stream { get; set; }

    public bool Generates { get; set; } = true;

    public bool IncludeUsage { get; set; }

    public int? MaxAnswerTokens { get; set; }

    public List<ToolDefinition> Tools { get; } = [];

    public List<ChatMessage> Conversation { get; } = [];

    /// <summary>The first thing that a local executor cannot be given.</summary>
    public string? Untranslatable { get; private set; }

    /// <summary>The first thing that the API's schema does not explain.</summary>
    public string? PartialReason { get; private set; }

    public void NotUnderstood(string reason) => PartialReason ??= reason;

    public void CannotTranslate(string what) => Untranslatable ??= what;

    public void Say(string role, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            Conversation.Add(new ChatMessage(role, text));
        }
    }

    /// <summary>An attached file, image or recording, or a link to one.</summary>
    public void Unreadable(int node, string what)
    {
        if (node >= 0 && Tape[node].Kind is not (System.Text.Json.JsonTokenType.Null))
        {
            Tape[node].Opacity = Opacity.Unreadable;
            CannotTranslate(what);
        }
    }

    /// <summary>Marks a string, a number or each item of a list as opaque, unless the provider issued it. Empty strings carry nothing.</summary>
    public void Opaque(int node)
    {
        if (node < 0)
        {
            return;
        }

        if (Tape.IsArray(node))
        {
            foreach (var child in Tape.Children(node))
            {
                Opaque(child);
            }

            return;
        }

        if (Tape[node].Text is { Length: > 0 } value && !ledger.WasIssued(provider, value))
        {
            Tape[node].Opacity = Opacity.OpaqueUnknown;
        }
    }

    /// <summary>Every member of a name, duplicates included: what one parser drops another may take.</summary>
    public IEnumerable<int> Members(int parent, string name)
    {
        if (!Tape.IsObject(parent))
        {
            yield break;
        }

        foreach (var child in Tape.Children(parent))
        {
            if (string.Equals(Tape[child].Name, name, StringComparison.Ordinal))
            {
                yield return child;
            }
        }
    }

    /// <summary>A reference to state that the provider keeps: the local executor does not have it either.</summary>
    public void Reference(int parent, string name, string what)
    {
        foreach (var node in Members(parent, name))
        {
            if (Tape.IsObject(node))
            {
                Reference(node, "id", what);
            }
            else if (Tape[node].Text is { Length: > 0 })
            {
                Opaque(node);
                CannotTranslate(what);
            }
        }
    }

    /// <summary>Text of the user's turn: what a client marks as its own is the harness's.</summary>
    public void UserText(int node) => Tape.Annotate(node, PartRole.User, IsHarness(Tape.Text(node)) ? Provenance.Harness : Provenance.Human);

    public void RememberCall(string? callId, PartOrigin origin)
    {
        if (callId is { Length: > 0 })
        {
            _calls[callId] = origin;
        }
    }

    /// <summary>The call that a tool's result answers; without it the id alone.</summary>
    public PartOrigin OriginOf(string? callId) =>
        callId is not null && _calls.TryGetValue(callId, out var origin) ? origin : new PartOrigin(CallId: callId);

    /// <summary>Whether a text is nothing but long base64, with or without the head of a data URL (RFC 2397).</summary>
    public static bool IsBulkBase64(string text)
    {
        if (text.Length <= BulkBase64)
        {
            return false;
        }

        var rest = text.AsSpan();
        if (rest.StartsWith("data:", StringComparison.OrdinalIgnoreCase) && rest[..Math.Min(rest.Length, 128)].IndexOf(";base64,") is var head and > 0)
        {
            rest = rest[(head + ";base64,".Length)..];
        }

        return !rest.ContainsAnyExcept(Base64);
    }

    private static bool IsHarness(string? text)
    {
        var start = text.AsSpan().TrimStart();
        foreach (var mark in HarnessMarks)
        {
            if (start.StartsWith(mark, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
