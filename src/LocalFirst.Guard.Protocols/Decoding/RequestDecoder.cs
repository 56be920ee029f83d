using System.Text;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Turns a wire request into a <see cref="Prompt"/>. Stateless and thread-safe; never throws for what a client sends.
/// </summary>
public sealed class RequestDecoder
{
    // Agent bodies measured at 4.35–4.75 bytes for each token of o200k.
    private const double BytesPerToken = 4.4;

    private static readonly Dictionary<string, IBodyDecoder> Decoders = new(StringComparer.Ordinal)
    {
        [ApiForm.OpenAiChat] = new ChatCompletionsDecoder(),
        [ApiForm.OpenAiResponses] = new ResponsesDecoder(),
        [ApiForm.AnthropicMessages] = new MessagesDecoder(),
        [ApiForm.AnthropicCountTokens] = new MessagesDecoder(),
    };

    private static readonly GenericJsonDecoder Generic = new();
    private readonly IOpaqueLedger _ledger;

    /// <summary>Creates a decoder that knows no opaque value: each one is <see cref="UninspectableReason.OpaqueUnknown"/>.</summary>
    public RequestDecoder()
        : this(new EmptyLedger())
    {
    }

    /// <summary>Creates a decoder.</summary>
    /// <param name="ledger">Says which opaque values a provider was seen to issue.</param>
    public RequestDecoder(IOpaqueLedger ledger)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        _ledger = ledger;
    }

    /// <summary>
    /// Decodes a request, in these steps: (1) the envelope: path, query, headers; (2) what has no readable body; (3) the body as a
    /// flat JSON tape; (4) the endpoint's own decoder, or none; (5) parts and the state.
    /// </summary>
    /// <param name="request">The request as received.</param>
    /// <param name="decodedBody">Its body without content coding.</param>
    /// <param name="contentFailure">Why the content coding could not be undone (<see cref="DecodedBody.Failure"/>), or null.</param>
    public Prompt Decode(WireRequest request, ReadOnlyMemory<byte> decodedBody, string? contentFailure)
    {
        ArgumentNullException.ThrowIfNull(request);

        // (1)
        var parts = new List<Part>();
        EnvelopeParts.Add(request, parts);
        if (request.Header("content-encoding") is not null)
        {
            CodedBody.AddReadableRuns(request.Body.Span, parts);
        }

        var session = SessionKeys.FromHeaders(request);
        var endpoint = request.StreamEndpoint ?? request.Provider.Match(request.Method, request.Path);

        // (2)
        if (contentFailure is not null)
        {
            return Undecodable(request, endpoint, parts, session, contentFailure);
        }

        if (decodedBody.IsEmpty)
        {
            return BodylessDecoder.Decode(request, endpoint, parts, session);
        }

        if (NoJson(request) is { } form)
        {
            return Undecodable(request, endpoint, parts, session, form);
        }

        // (3)
        var tape = JsonTape.Read(decodedBody, out var failure);
        if (tape is null)
        {
            return Undecodable(request, endpoint, parts, session, failure!);
        }

        // (4)
        var draft = new PromptDraft(tape, request.Provider.Id, request.IssuedOnStream is { } issued ? new EitherLedger(_ledger, issued) : _ledger);
        var decoder = endpoint is not null && tape.IsObject(0) ? Decoders.GetValueOrDefault(endpoint.Api) ?? Generic : Generic;
        decoder.Read(draft);

        // (5)
        BodyParts.Add(draft, parts);
        if (tape.TrailingFrom is { } end)
        {
            var range = new ByteRange(end, decodedBody.Length - end);
            parts.Add(new Part { Place = new PartPlace("trailing", range), Text = Encoding.UTF8.GetString(decodedBody.Span[end..]) });
        }

        var (state, reason) = State(draft, parts, failure);
        return new Prompt
        {
            Provider = request.Provider.Id,
            Api = state == DecodeState.Undecodable ? ApiForm.None : decoder == Generic ? ApiForm.GenericJson : endpoint!.Api,
            Endpoint = endpoint,
            State = state,
            StateReason = reason,
            Parts = parts,
            RequestedModel = draft.Model,
            SessionKey = session ?? draft.SessionKey,
            Stream = draft.Stream || request.StreamEndpoint is not null,
            Generates = draft.Generates,
            IncludeUsage = draft.IncludeUsage,
            Tools = draft.Tools,
            TokenEstimate = (int)Math.Ceiling(decodedBody.Length / BytesPerToken),
            MaxAnswerTokens = draft.MaxAnswerTokens,
            Conversation = draft.Conversation,
            Untranslatable = draft.Untranslatable,
        };
    }

    private static (DecodeState State, string? Reason) State(PromptDraft draft, List<Part> parts, string? failure)
    {
        if (failure is not null)
        {
            return (DecodeState.Undecodable, failure);
        }

        if (parts.Find(part => part.Uninspectable is not null) is { } blind)
        {
            var what = blind.Uninspectable == UninspectableReason.OpaqueUnknown
                ? "an opaque value that the provider was not seen to issue"
                : "content that cannot be read as text";
            return (DecodeState.UninspectablePart, $"the request holds {what}.");
        }

        if (draft.PartialReason is not null)
        {
            return (DecodeState.Partial, draft.PartialReason);
        }

        return draft.Tape.HasDuplicateKeys
            ? (DecodeState.Partial, "an object has two members of one name, so two parsers may read two different requests.")
            : (DecodeState.Complete, null);
    }

    /// <summary>Why a body is not to be read as JSON, whatever its bytes look like; null when it may be.</summary>
    private static string? NoJson(WireRequest request)
    {
        if (request.Header("connect-protocol-version") is not null)
        {
            return "the body is a Connect message, for which there is no decoder.";
        }

        var type = request.Header("content-type") ?? "";
        if (type.Contains("multipart/", StringComparison.OrdinalIgnoreCase))
        {
            return "the body is multipart, for which there is no decoder.";
        }

        if (type.Contains("application/grpc", StringComparison.OrdinalIgnoreCase))
        {
            return "the body is a gRPC message, for which there is no decoder.";
        }

        if (type.Contains("application/connect", StringComparison.OrdinalIgnoreCase) || type.Contains("proto", StringComparison.OrdinalIgnoreCase))
        {
            return "the body is a Connect or protobuf message, for which there is no decoder.";
        }

        var charset = type.IndexOf("charset", StringComparison.OrdinalIgnoreCase);
        return charset >= 0
            && !type.AsSpan(charset).Contains("utf-8", StringComparison.OrdinalIgnoreCase)
            && !type.AsSpan(charset).Contains("utf8", StringComparison.OrdinalIgnoreCase)
            && !type.AsSpan(charset).Contains("ascii", StringComparison.OrdinalIgnoreCase)
                ? "the body is said to be in another charset than UTF-8."
                : null;
    }

    private static Prompt Undecodable(WireRequest request, ProviderEndpoint? endpoint, List<Part> parts, string? session, string reason) => new()
    {
        Provider = request.Provider.Id,
        Api = ApiForm.None,
        Endpoint = endpoint,
        State = DecodeState.Undecodable,
        StateReason = reason,
        Parts = parts,
        SessionKey = session,
    };

    private sealed class EitherLedger(IOpaqueLedger first, IOpaqueLedger second) : IOpaqueLedger
    {
        public bool WasIssued(string provider, string value) => second.WasIssued(provider, value) || first.WasIssued(provider, value);
    }

    private sealed class EmptyLedger : IOpaqueLedger
    {
        public bool WasIssued(string provider, string value) => false;
    }
}
