using System.Globalization;

namespace LocalFirst.Guard.Audit.Notes;

/// <summary>The origin line of this device's checkpoints: <c>localfirst-guard/&lt;device-id&gt;/&lt;epoch&gt;</c>. It is the key name as well (C2SP tlog-checkpoint).</summary>
/// <param name="Device">Device id, 32 hex digits.</param>
/// <param name="Epoch">Epoch, from 1.</param>
public readonly record struct LogOrigin(string Device, long Epoch)
{
    private const string Product = "localfirst-guard";

    /// <summary>The origin line.</summary>
    public override string ToString() => $"{Product}/{Device}/{Epoch.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Reads an origin line.</summary>
    /// <param name="origin">The line, without its line feed.</param>
    /// <exception cref="FormatException">Not an origin of this product, or its epoch is not written in the one way that it can be.</exception>
    public static LogOrigin Parse(string origin)
    {
        ArgumentNullException.ThrowIfNull(origin);
        var parts = origin.Split('/');
        return parts is [Product, { Length: > 0 } device, var epoch]
            && StrictText.TryParseNumber(epoch, out var number) && number > 0
                ? new LogOrigin(device, number)
                : throw new FormatException($"The origin is not {Product}/<device>/<epoch>.");
    }
}
