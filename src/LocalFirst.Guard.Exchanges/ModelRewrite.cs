using System.Text.Json;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// Names another model in a request: the one JSON string at <c>/model</c> is replaced, and no other byte. What comes out is a new request, to be decoded
/// and inspected like any other.
/// </summary>
internal static class ModelRewrite
{
    private const string Place = "/model";

    /// <summary>Header fields that sign the body, or carry a digest of it: changed bytes would be refused, or worse, be a forgery of the client's word.</summary>
    private static readonly HashSet<string> Signing = new(StringComparer.OrdinalIgnoreCase)
    {
        "Signature", "Signature-Input", "Digest", "Content-Digest", "Repr-Digest", "Content-MD5", "X-Amz-Content-Sha256", "X-Amz-Date",
    };

    /// <summary>Why no other model can be named in a request, as the end of a sentence; null when one can.</summary>
    public static string? Obstacle(WireRequest wire, Prompt prompt)
    {
        if (prompt.State == DecodeState.Undecodable || prompt.Api is not (ApiForm.OpenAiChat or ApiForm.OpenAiResponses or ApiForm.AnthropicMessages or ApiForm.AnthropicCountTokens))
        {
            return "this kind of request names no model that could be replaced.";
        }

        if (wire.Header("Content-Encoding") is not null)
        {
            return "the body is compressed, and is sent as the client packed it.";
        }

        if (wire.Headers.Any(h => Signing.Contains(h.Name) || (h.Name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) && h.Value.StartsWith("AWS4-", StringComparison.Ordinal))))
        {
            return "the client signed the body.";
        }

        // A second member of the name stands as /model#2, and another parser might take that one.
        return prompt.Parts.Count(p => p.Place.Pointer == Place && p.Place.Bytes is not null) == 1 && !prompt.Parts.Any(p => p.Place.Pointer.StartsWith(Place + "#", StringComparison.Ordinal))
            ? null
            : "the request does not name exactly one model.";
    }

    /// <summary>The request with another model.</summary>
    /// <param name="request">The request; stays as it is.</param>
    /// <param name="prompt">It, decoded, without an <see cref="Obstacle"/>.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="BodyTooLargeException">A bound on bodies is reached.</exception>
    public static ExchangeRequest Apply(ExchangeRequest request, Prompt prompt, string model)
    {
        var range = prompt.Parts.Single(p => p.Place.Pointer == Place).Place.Bytes!.Value;
        var body = request.Wire.Body;
        return request.WithBody(buffer =>
        {
            buffer.Expect(body.Length + model.Length);
            buffer.Append(body.Span[..range.Start]);
            buffer.Append(JsonSerializer.SerializeToUtf8Bytes(model));
            buffer.Append(body.Span[(range.Start + range.Length)..]);
        });
    }
}
