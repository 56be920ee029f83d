#if MODEL_HOST
namespace LocalFirst.Guard.ModelHost.Gguf;
#else
namespace LocalFirst.Guard.LocalModels.Gguf;
#endif

/// <summary>A file is not a GGUF that may be loaded. The message says what is wrong with it and quotes none of its content.</summary>
/// <param name="message">What is wrong.</param>
internal sealed class GgufException(string message) : Exception(message);
