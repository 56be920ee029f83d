using System.Globalization;
using System.Net.WebSockets;

namespace LocalFirst.Guard.Interception.WebSockets;

/// <summary>
/// permessage-deflate (RFC 7692) towards the provider. Each side of a stream negotiates its own; the provider is offered it when the client knows it, because that
/// is what the provider would see without a broker.
/// </summary>
internal static class DeflateOffer
{
    /// <summary>What is offered.</summary>
    public const string Header = "permessage-deflate; client_max_window_bits";

    private const string Name = "permessage-deflate";

    /// <summary>Whether the client offers it, in whatever form.</summary>
    /// <param name="extensions">The client's Sec-WebSocket-Extensions; null when there is none.</param>
    public static bool IsIn(string? extensions) =>
        extensions is not null && extensions.Split(',').Any(e => e.Split(';')[0].Trim().Equals(Name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads what the provider agreed to.</summary>
    /// <param name="extensions">The provider's Sec-WebSocket-Extensions; null when there is none.</param>
    /// <param name="options">How to compress; null when nothing is compressed.</param>
    /// <returns>False for anything that was not offered or cannot be done: the connection must fail then (RFC 6455 §9.1).</returns>
    public static bool TryReadAnswer(string? extensions, out WebSocketDeflateOptions? options)
    {
        options = null;
        if (string.IsNullOrWhiteSpace(extensions))
        {
            return true;
        }

        var words = extensions.Split(';', StringSplitOptions.TrimEntries);
        if (!words[0].Equals(Name, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        options = new WebSocketDeflateOptions();
        foreach (var word in words.Skip(1))
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? word : word[..equals].TrimEnd();
            var value = equals < 0 ? null : word[(equals + 1)..].Trim().Trim('"');
            switch (name.ToLowerInvariant())
            {
                case "client_no_context_takeover" when value is null:
                    options.ClientContextTakeover = false;
                    break;
                case "server_no_context_takeover" when value is null:
                    options.ServerContextTakeover = false;
                    break;
                case "client_max_window_bits" when Bits(value) is { } bits:
                    options.ClientMaxWindowBits = bits;
                    break;
                case "server_max_window_bits" when Bits(value) is { } bits:
                    options.ServerMaxWindowBits = bits;
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    /// <summary>8 is legal, but the inflater at hand cannot do it.</summary>
    private static int? Bits(string? value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var bits) && bits is >= 9 and <= 15 ? bits : null;
}
