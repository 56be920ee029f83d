namespace LocalFirst.Guard.Protocols;

/// <summary>Reads one API's body: says who speaks where, what is opaque, and what the request asks for.</summary>
internal interface IBodyDecoder
{
    /// <summary>Annotates the tape and fills the draft. The walk over all text is not its business: no text can be lost here.</summary>
    void Read(PromptDraft draft);
}
