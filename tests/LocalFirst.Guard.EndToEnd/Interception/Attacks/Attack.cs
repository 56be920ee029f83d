using LocalFirst.Guard.EndToEnd.Broker;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>One case of the catalogue.</summary>
/// <param name="Id">A stable name.</param>
/// <param name="Source">The CVE, advisory or section of a specification that it comes from.</param>
/// <param name="Told">What the client is told, one entry an answer: a status, <c>closed</c> for the end of the connection, or an HTTP/2 error.</param>
/// <param name="Run">Does it and says what the client was told.</param>
internal sealed record Attack(string Id, string Source, string Told, Func<AttackedBroker, Task<string>> Run)
{
    /// <summary>The requests that may reach the provider, in order: by default none.</summary>
    public IReadOnlyList<Arrival> Arrives { get; init; } = [];

    /// <summary>What is sent inside the tunnel, when that is all that the case does: another proxy can be given the same.</summary>
    public string? Bytes { get; private init; }

    /// <summary>Bytes to the broker's port as they are.</summary>
    public static Attack AtPort(string id, string source, string told, string bytes) =>
        new(id, source, told, async broker =>
        {
            await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);
            return await TellAsync(connection, Resolve(bytes, broker));
        });

    /// <summary>Bytes inside TLS behind <c>CONNECT api.openai.com:443</c>.</summary>
    public static Attack Inside(string id, string source, string told, string bytes) =>
        new(id, source, told, async broker =>
        {
            await using var connection = await RawConnection.ThroughAsync(broker.Guard, "api.openai.com");
            return await TellAsync(connection, bytes);
        })
        {
            Bytes = bytes,
        };

    /// <summary>Sends bytes and reads answers until the connection ends or the broker waits for more.</summary>
    public static async Task<string> TellAsync(RawConnection connection, string bytes, int answers = 1)
    {
        // A broker that refuses by the head may close before it has all bytes.
        var sending = SendAsync(connection, bytes);
        var told = new List<string>();
        for (var at = 0; at < answers; at++)
        {
            try
            {
                var response = await connection.ReadAsync(isConnect: bytes.StartsWith("CONNECT", StringComparison.Ordinal));
                told.Add($"{response.Status}");
                if (response.Header("Connection") is { } option && option.Contains("close", StringComparison.OrdinalIgnoreCase))
                {
                    await connection.EndAsync();
                    told.Add("closed");
                    break;
                }
            }
            catch (IOException)
            {
                told.Add("closed");
                break;
            }
        }

        await sending;
        return string.Join(", ", told);
    }

    /// <summary>The broker's and the provider's ports are known at run time only.</summary>
    private static string Resolve(string bytes, AttackedBroker broker) => bytes
        .Replace("{broker}", broker.Guard.Proxy.Authority, StringComparison.Ordinal)
        .Replace("{port}", $"{broker.Guard.Proxy.Port}", StringComparison.Ordinal)
        .Replace("{provider}", $"{broker.Provider.Address.Port}", StringComparison.Ordinal);

    private static async Task SendAsync(RawConnection connection, string bytes)
    {
        try
        {
            await connection.SendAsync(bytes);
        }
        catch (IOException)
        {
            // The answer tells why.
        }
    }
}

/// <summary>A request that may reach the provider: these bytes of it, framed anew.</summary>
/// <param name="RequestLine">Method, target and version.</param>
/// <param name="Body">The body.</param>
/// <param name="Absent">Header fields that must not be with it.</param>
internal sealed record Arrival(string RequestLine, string Body, params string[] Absent);
