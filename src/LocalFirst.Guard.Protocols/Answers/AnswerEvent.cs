namespace LocalFirst.Guard.Protocols;

/// <summary>Why an answer ended.</summary>
public enum StopReason
{
    /// <summary>The model was done.</summary>
    EndTurn,

    /// <summary>The bound on answer tokens was reached.</summary>
    MaxTokens,

    /// <summary>A stop sequence was written.</summary>
    StopSequence,
}

/// <summary>What a local executor produces; the encoders turn it into a provider's wire form.</summary>
public abstract record AnswerEvent
{
    private AnswerEvent()
    {
    }

    /// <summary>More text.</summary>
    /// <param name="Value">The text to append.</param>
    public sealed record Text(string Value) : AnswerEvent;

    /// <summary>The end; always the last event of a whole answer.</summary>
    /// <param name="Reason">Why it ended.</param>
    /// <param name="InputTokens">Tokens read.</param>
    /// <param name="OutputTokens">Tokens written.</param>
    public sealed record Done(StopReason Reason, int InputTokens, int OutputTokens) : AnswerEvent;
}

/// <summary>A refusal or an error of the broker itself, to be shown to the person in the client.</summary>
/// <param name="Status">HTTP status. A policy refusal is 400: clients stop and show the text; 403 makes some resend the body.</param>
/// <param name="Message">One short text that names rule, place and remedy. No secret, no prompt text.</param>
/// <param name="Code">A stable machine-readable code, for example <c>blocked_by_policy</c>.</param>
public sealed record Refusal(int Status, string Message, string Code);

/// <summary>A whole HTTP answer in memory.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Value of Content-Type.</param>
/// <param name="Body">The body.</param>
public sealed record EncodedAnswer(int Status, string ContentType, ReadOnlyMemory<byte> Body);
