namespace LocalFirst.Guard.Protocols;

/// <summary>The encoders of local answers.</summary>
public static class AnswerEncoders
{
    /// <summary>
    /// What a client reads when the local model fails in the middle of its answer and nothing better is known. An exception's own
    /// message may quote a prompt, so it is never sent by itself.
    /// </summary>
    public const string DefaultFailure = "the local model stopped in the middle of its answer; run 'guard doctor' to see why.";

    /// <summary>The encoder of an API form, or null when that form cannot be answered locally.</summary>
    /// <param name="api">One of <see cref="ApiForm"/>.</param>
    /// <param name="describeFailure">Text for a client about an exception of the executor; without it <see cref="DefaultFailure"/> is sent.</param>
    public static IAnswerEncoder? For(string api, Func<Exception, string>? describeFailure = null)
    {
        var describe = describeFailure ?? (_ => DefaultFailure);
        return api switch
        {
            ApiForm.OpenAiChat => new ChatCompletionsEncoder(describe, TimeProvider.System),
            ApiForm.OpenAiResponses => new ResponsesEncoder(describe, TimeProvider.System),
            ApiForm.AnthropicMessages => new MessagesEncoder(describe),
            ApiForm.AnthropicCountTokens => new CountTokensEncoder(),
            _ => null,
        };
    }
}
