namespace LocalFirst.Guard.ModelHost.Llama;

/// <summary>llama.cpp could not be loaded, or refused a model. The message is fit for the broker's status line.</summary>
/// <param name="message">What went wrong and the mend.</param>
internal sealed class LlamaException(string message) : Exception(message);
