using System.Globalization;
using System.Text;

namespace LocalFirst.Guard.EndToEnd.Clients;

/// <summary>One request as a client wrote it.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Target">Request target.</param>
/// <param name="Headers">Header fields in order.</param>
/// <param name="Body">The body.</param>
internal sealed record SentRequest(string Method, string Target, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body);

/// <summary>Reads the plain HTTP/1.1 requests out of the bytes of a connection.</summary>
internal static class SentRequests
{
    public static IEnumerable<SentRequest> In(string connection)
    {
        var at = 0;
        while (connection.IndexOf("\r\n\r\n", at, StringComparison.Ordinal) is var end and >= 0)
        {
            var lines = connection[at..end].Split("\r\n");
            var first = lines[0].Split(' ');
            var headers = lines.Skip(1).Select(Field).ToList();
            at = end + 4;
            byte[] body;
            if (headers.FirstOrDefault(h => h.Key.Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase)).Value is not null)
            {
                (body, at) = Chunked(connection, at);
            }
            else
            {
                var length = headers.FirstOrDefault(h => h.Key.Equals("content-length", StringComparison.OrdinalIgnoreCase)).Value;
                var count = length is null ? 0 : int.Parse(length, CultureInfo.InvariantCulture);
                body = Encoding.Latin1.GetBytes(connection.Substring(at, count));
                at += count;
            }

            yield return new SentRequest(first[0], first[1], headers, body);
        }
    }

    private static KeyValuePair<string, string> Field(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return KeyValuePair.Create(line[..colon], line[(colon + 1)..].Trim());
    }

    private static (byte[] Body, int End) Chunked(string connection, int at)
    {
        var body = new StringBuilder();
        while (true)
        {
            var lineEnd = connection.IndexOf("\r\n", at, StringComparison.Ordinal);
            var size = int.Parse(connection[at..lineEnd].Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            at = lineEnd + 2;
            if (size == 0)
            {
                return (Encoding.Latin1.GetBytes(body.ToString()), at + 2);
            }

            body.Append(connection, at, size);
            at += size + 2;
        }
    }
}
