using System.Runtime.CompilerServices;

namespace LocalFirst.Guard.Protocols;

/// <summary>Anthropic <c>count_tokens</c> ("Count tokens in a message" at docs.anthropic.com): one number, never streamed.</summary>
internal sealed class CountTokensEncoder : IAnswerEncoder
{
    public string Api => ApiForm.AnthropicCountTokens;

    public string StreamContentType => "application/json";

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> EncodeStreamAsync(
        Prompt prompt, IAsyncEnumerable<AnswerEvent> events, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // The number is known without a model; a caller that streams by habit still gets the whole answer.
        await Task.CompletedTask;
        yield return Encode(prompt, "", new AnswerEvent.Done(StopReason.EndTurn, prompt.TokenEstimate, 0)).Body;
    }

    public EncodedAnswer Encode(Prompt prompt, string text, AnswerEvent.Done done) =>
        WireJson.Answer(200, json => json.WriteNumber("input_tokens", done.InputTokens > 0 ? done.InputTokens : prompt.TokenEstimate));
}
