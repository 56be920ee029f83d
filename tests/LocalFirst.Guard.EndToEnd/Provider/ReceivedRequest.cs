using System.Security.Cryptography;
using System.Text;

namespace LocalFirst.Guard.EndToEnd.Provider;

/// <summary>One request as the provider got it.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Target">The request target as sent.</param>
/// <param name="Protocol"><c>HTTP/1.1</c> or <c>HTTP/2</c>.</param>
/// <param name="Headers">Every header field, in order of arrival.</param>
/// <param name="Body">The body.</param>
internal sealed record ReceivedRequest(string Method, string Target, string Protocol, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body)
{
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Path => Target.Split('?')[0];

    /// <summary>Lower-case hex.</summary>
    public string BodySha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Body));

    public string BodyText => Encoding.UTF8.GetString(Body);

    /// <summary>Ends when the caller has gone away before the answer was complete.</summary>
    public Task Aborted => _aborted.Task;

    public string? Header(string name) =>
        Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).FirstOrDefault();

    public void NoteAborted() => _aborted.TrySetResult();
}
