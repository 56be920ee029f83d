using System.Globalization;
using System.Text;

namespace LocalFirst.Guard.Audit.Canonical;

/// <summary>Numbers as ECMAScript prints them (RFC 8785 §3.2.2.3; ECMA-262 §6.1.6.1.20, Number::toString).</summary>
internal static class CanonicalNumber
{
    /// <summary>Largest integer that every JSON reader keeps exactly: 2^53 − 1 (RFC 7493 §2.2).</summary>
    public const long MaxSafeInteger = (1L << 53) - 1;

    /// <exception cref="FormatException">Not a finite number: JSON has no form for it.</exception>
    public static string Format(double value)
    {
        if (!double.IsFinite(value))
        {
            throw new FormatException("A canonical record holds finite numbers only.");
        }

        // Negative zero prints as zero as well.
        if (value == 0)
        {
            return "0";
        }

        // .NET's round-trip form has the same shortest digits as ECMAScript; only the layout around them differs.
        var (digits, point) = Split(Math.Abs(value).ToString("R", CultureInfo.InvariantCulture));
        return (value < 0 ? "-" : "") + Lay(digits, point);
    }

    /// <exception cref="FormatException">Beyond ±(2^53 − 1), where JSON numbers lose exactness.</exception>
    public static string Format(long value)
    {
        if (value is > MaxSafeInteger or < -MaxSafeInteger)
        {
            throw new FormatException("A canonical record holds integers within ±(2^53 − 1) only.");
        }

        return value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The significant digits and the position of the decimal point after the first of them (the specification's k digits and n).</summary>
    private static (string Digits, int Point) Split(string roundTrip)
    {
        var e = roundTrip.IndexOf('E', StringComparison.Ordinal);
        var mantissa = e < 0 ? roundTrip : roundTrip[..e];
        var exponent = e < 0 ? 0 : int.Parse(roundTrip.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        var point = (dot < 0 ? mantissa.Length : dot) + exponent;
        var all = dot < 0 ? mantissa : mantissa.Remove(dot, 1);
        var leading = all.Length - all.TrimStart('0').Length;
        return (all.Trim('0'), point - leading);
    }

    private static string Lay(string digits, int point)
    {
        var count = digits.Length;
        if (count <= point && point <= 21)
        {
            return digits + new string('0', point - count);
        }

        if (point is > 0 and <= 21)
        {
            return $"{digits.AsSpan(0, point)}.{digits.AsSpan(point)}";
        }

        if (point is > -6 and <= 0)
        {
            return "0." + new string('0', -point) + digits;
        }

        var exponent = point - 1;
        var text = new StringBuilder().Append(digits[0]);
        if (count > 1)
        {
            text.Append('.').Append(digits, 1, count - 1);
        }

        return text.Append('e').Append(exponent < 0 ? '-' : '+').Append(Math.Abs(exponent).ToString(CultureInfo.InvariantCulture)).ToString();
    }
}
