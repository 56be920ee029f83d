namespace LocalFirst.Guard.Protocols;

/// <summary>Any JSON body without a schema: all of its text is found, none of its meaning but the usual top-level facts.</summary>
internal sealed class GenericJsonDecoder : IBodyDecoder
{
    public void Read(PromptDraft draft)
    {
        var tape = draft.Tape;
        draft.Model = tape.Text(0, "model");
        draft.Stream = tape.IsTrue(0, "stream");
        draft.NotUnderstood("the body is JSON of an endpoint without a decoder; its text was found without a schema.");
    }
}
