using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.LocalModels.Endpoints;

/// <summary>
/// Answers by an OpenAI-compatible endpoint that a person named: Ollama, llama-server, vLLM and others. It counts as local because an operator
/// said so; whether its machine is, nobody here can prove.
/// </summary>
public sealed class OpenAiCompatibleExecutor : IChatExecutor, IDisposable
{
    private readonly HttpClient _http;
    private readonly ChatClient _client;
    private readonly Uri _address;
    private readonly string _model;

    /// <summary>Creates it. Nothing is sent before the first request.</summary>
    /// <param name="address">Base address with or without a trailing <c>/v1</c>, for example <c>http://127.0.0.1:11434</c>.</param>
    /// <param name="model">The model's name there.</param>
    /// <param name="idleLimit">Longest silence before an answer counts as failed; null is five minutes.</param>
    /// <exception cref="ExecutorException">The address is not an absolute http or https URL, or carries credentials.</exception>
    public OpenAiCompatibleExecutor(string address, string model, TimeSpan? idleLimit = null)
    {
        _address = Normalize(address);
        _model = model;
        _http = new HttpClient(ChatClient.CreateHandler()) { BaseAddress = _address, Timeout = Timeout.InfiniteTimeSpan };
        var peer = new ChatPeer(
            $"The local endpoint {_address.Authority}",
            $"See that it runs and serves the model {model}, or choose another with guard model use.",
            IsOwn: false);
        _client = new ChatClient(_http, model, peer, idleLimit ?? TimeSpan.FromMinutes(5));
    }

    /// <inheritdoc/>
    public string Name => $"endpoint/{_address.Authority}/{_model}";

    /// <inheritdoc/>
    /// <remarks>Always available: asking would send something on each request. A failure shows when it answers.</remarks>
    public ExecutorStatus Status => new(true, $"{_model} at {_address.GetLeftPart(UriPartial.Authority)}, named by the operator; its device and confinement are its own");

    /// <inheritdoc/>
    public IAsyncEnumerable<AnswerEvent> CompleteAsync(ChatRequest request, CancellationToken cancellation) => _client.CompleteAsync(request, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>The base address in one form: ends before <c>v1/…</c>, with a slash.</summary>
    /// <param name="address">As a person wrote it.</param>
    /// <exception cref="ExecutorException">Not an absolute http or https URL, or it carries credentials or a query.</exception>
    internal static Uri Normalize(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            throw new ExecutorException("The endpoint's address is not a plain http or https URL.\n  → Write it like http://127.0.0.1:11434, without user, password or query.");
        }

        var path = uri.AbsolutePath.TrimEnd('/');
        path = path.EndsWith("/v1", StringComparison.Ordinal) ? path[..^3] : path;
        return new Uri(uri.GetLeftPart(UriPartial.Authority) + path + "/");
    }
}
