using System.Text;

namespace LocalFirst.Guard.EndToEnd.Broker;

/// <summary>An HTTP response as it came.</summary>
/// <param name="Status">Status code.</param>
/// <param name="Headers">Every header field, in order.</param>
/// <param name="Body">The body without its transfer coding.</param>
internal sealed record RawResponse(int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string? Header(string name) =>
        Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).FirstOrDefault();

    public override string ToString() => $"{Status} {string.Join(", ", Headers.Select(h => $"{h.Key}: {h.Value}"))}\n{Text}";
}
