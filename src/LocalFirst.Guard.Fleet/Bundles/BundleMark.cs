using System.Globalization;

namespace LocalFirst.Guard.Fleet.Bundles;

/// <summary>What of a bundle says how new it is.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Issued">When it was signed; whole seconds.</param>
public readonly record struct BundleMark(long Version, DateTimeOffset Issued)
{
    /// <summary>Version and Unix time.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Version} {Issued.ToUnixTimeSeconds()}");

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">Not that.</exception>
    public static BundleMark Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split(' ') is [var version, var issued]
            && long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && long.TryParse(issued, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds < 253402300800
                ? new BundleMark(number, DateTimeOffset.FromUnixTimeSeconds(seconds))
                : throw new FormatException("The mark is a version and a time.");
    }
}
