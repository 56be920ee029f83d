namespace LocalFirst.Guard.Protocols;

/// <summary>How completely a request was understood. Exactly four states: policy is written against them.</summary>
public enum DecodeState
{
    /// <summary>Every place that can carry text is a part, by the API's own schema.</summary>
    Complete,

    /// <summary>Walked without a schema (generic JSON): text was found, but its meaning is not known.</summary>
    Partial,

    /// <summary>Understood, but at least one part cannot be read (see <see cref="Part.Uninspectable"/>).</summary>
    UninspectablePart,

    /// <summary>Not understood at all. Never leaves the machine.</summary>
    Undecodable,
}

/// <summary>Why a part cannot be inspected.</summary>
public enum UninspectableReason
{
    /// <summary>An image, a locked document, bytes of an unknown kind.</summary>
    Unreadable,

    /// <summary>An opaque id or blob that this broker never saw the provider issue.</summary>
    OpaqueUnknown,

    /// <summary>The work budget ended before the part did.</summary>
    Budget,
}

/// <summary>Who speaks in a part, by the API's own field.</summary>
public enum PartRole
{
    /// <summary>Not said by the wire form (path, query, headers, generic JSON).</summary>
    None,

    /// <summary>System or developer instructions.</summary>
    System,

    /// <summary>The user turn.</summary>
    User,

    /// <summary>The model's earlier answer.</summary>
    Assistant,

    /// <summary>A tool's result, or a tool's declaration.</summary>
    Tool,
}

/// <summary>Where the text of a part really comes from; a role is only what the wire form calls it.</summary>
public enum Provenance
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>Typed by a person.</summary>
    Human,

    /// <summary>Written by the client program itself: system prompts, reminders, tool declarations, metadata.</summary>
    Harness,

    /// <summary>What a tool returned.</summary>
    ToolOutput,

    /// <summary>What the model asked a tool to do.</summary>
    ToolCall,

    /// <summary>What a model wrote earlier.</summary>
    Assistant,

    /// <summary>An attached file.</summary>
    File,
}

/// <summary>What brought a part into the conversation. Every member is null where the wire form does not say it.</summary>
/// <param name="Tool">Name of the tool.</param>
/// <param name="CallId">Id of the tool call.</param>
/// <param name="Path">File path named by the call's arguments.</param>
/// <param name="Command">Command line named by the call's arguments.</param>
public sealed record PartOrigin(string? Tool = null, string? CallId = null, string? Path = null, string? Command = null);

/// <summary>A half-open range of bytes in the content-decoded body.</summary>
/// <param name="Start">First byte, from 0.</param>
/// <param name="Length">Number of bytes.</param>
public readonly record struct ByteRange(int Start, int Length);

/// <summary>
/// Where a part stands. <see cref="Pointer"/> is a JSON pointer (RFC 6901) into the body, or one of the forms
/// <c>path</c>, <c>query</c>, <c>header:NAME</c>, <c>trailing</c>, <c>coded</c> (readable runs inside a compressed body); a duplicate key gets the suffix <c>#2</c>, <c>#3</c> …,
/// a property name the suffix <c>~name</c>. A member whose name is not a plain word stands as <c>*N</c> (the N-th member, from 0), so that
/// a place never repeats a value that somebody put into a name.
/// </summary>
/// <param name="Pointer">The place in the form above. Holds no text of the part.</param>
/// <param name="Bytes">The bytes of the token in the content-decoded body, where known.</param>
public readonly record struct PartPlace(string Pointer, ByteRange? Bytes = null);

/// <summary>One piece of text in a request, as its author wrote it (JSON escapes of the wire form already undone).</summary>
public sealed record Part
{
    /// <summary>Where it stands.</summary>
    public required PartPlace Place { get; init; }

    /// <summary>The text; UTF-16. Spans of findings count in code units of exactly this string. Empty for an uninspectable part.</summary>
    public required string Text { get; init; }

    /// <summary>Who speaks, by the wire form.</summary>
    public PartRole Role { get; init; }

    /// <summary>Where the text really comes from.</summary>
    public Provenance Provenance { get; init; }

    /// <summary>The tool call, path or command that brought it in, where known.</summary>
    public PartOrigin? Origin { get; init; }

    /// <summary>Set when the part cannot be read.</summary>
    public UninspectableReason? Uninspectable { get; init; }
}

/// <summary>A tool that the request declares. Its description and schema are parts as well.</summary>
/// <param name="Name">The tool's name.</param>
public sealed record ToolDefinition(string Name);

/// <summary>One message for an executor that speaks plain chat: the translation of a client's API to its lowest common form.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Text">The text of the turn.</param>
public sealed record ChatMessage(string Role, string Text);

/// <summary>A provider's request in one form for all providers.</summary>
public sealed record Prompt
{
    /// <summary>The provider's id in the catalogue, for example <c>anthropic</c>.</summary>
    public required string Provider { get; init; }

    /// <summary>The API form that decoded it: one of <see cref="ApiForm"/>.</summary>
    public required string Api { get; init; }

    /// <summary>The endpoint of the catalogue that the request line named, or null when it named none.</summary>
    public ProviderEndpoint? Endpoint { get; init; }

    /// <summary>How completely it was understood.</summary>
    public required DecodeState State { get; init; }

    /// <summary>Why it was not completely understood; a sentence without any text of the request. Null when complete.</summary>
    public string? StateReason { get; init; }

    /// <summary>Every piece of text, in wire order.</summary>
    public required IReadOnlyList<Part> Parts { get; init; }

    /// <summary>The model that the client asked for, if any.</summary>
    public string? RequestedModel { get; init; }

    /// <summary>A key that stays the same over the turns of one conversation, if the client states one.</summary>
    public string? SessionKey { get; init; }

    /// <summary>Whether the client wants the answer as a stream of events.</summary>
    public bool Stream { get; init; }

    /// <summary>False for a request that only warms the provider up (<c>generate: false</c> on a Responses WebSocket): its answer has no output.</summary>
    public bool Generates { get; init; } = true;

    /// <summary>Whether a chat-completions stream must end with a usage chunk (<c>stream_options.include_usage</c>).</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>The tools that the request declares.</summary>
    public IReadOnlyList<ToolDefinition> Tools { get; init; } = [];

    /// <summary>Estimated input tokens: body bytes / 4.4 (agent JSON measured at 4.35–4.75 bytes a token).</summary>
    public int TokenEstimate { get; init; }

    /// <summary>The upper bound on answer tokens that the client asked for, if any.</summary>
    public int? MaxAnswerTokens { get; init; }

    /// <summary>The conversation for a plain chat executor. Empty when the API cannot be answered locally.</summary>
    public IReadOnlyList<ChatMessage> Conversation { get; init; } = [];

    /// <summary>What a local executor could not be given faithfully (for example an image), as a sentence; null when all of it can.</summary>
    public string? Untranslatable { get; init; }
}

/// <summary>Names of the API forms.</summary>
public static class ApiForm
{
    /// <summary>OpenAI <c>POST /v1/chat/completions</c>.</summary>
    public const string OpenAiChat = "openai.chat";

    /// <summary>OpenAI <c>POST /v1/responses</c>.</summary>
    public const string OpenAiResponses = "openai.responses";

    /// <summary>Anthropic <c>POST /v1/messages</c>.</summary>
    public const string AnthropicMessages = "anthropic.messages";

    /// <summary>Anthropic <c>POST /v1/messages/count_tokens</c>: the body of messages, answered with a number.</summary>
    public const string AnthropicCountTokens = "anthropic.count_tokens";

    /// <summary>Any other JSON body: walked without a schema.</summary>
    public const string GenericJson = "generic.json";

    /// <summary>No body: path, query and headers are the whole request.</summary>
    public const string Bodyless = "bodyless";

    /// <summary>No decoder.</summary>
    public const string None = "none";
}
