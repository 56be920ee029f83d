namespace LocalFirst.Guard.Inspection.Pii;

/// <summary>The check-digit systems of payment cards and bank accounts.</summary>
internal static class Checksums
{
    /// <summary>Luhn's formula (ISO/IEC 7812-1, Annex B). One random number in ten passes.</summary>
    /// <param name="digits">ASCII digits only, the check digit last.</param>
    public static bool Luhn(ReadOnlySpan<char> digits)
    {
        if (digits.IsEmpty)
        {
            return false;
        }

        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[digits.Length - 1 - i] - '0';
            if ((i & 1) == 1)
            {
                digit *= 2;
                if (digit > 9)
                {
                    digit -= 9;
                }
            }

            sum += digit;
        }

        return sum % 10 == 0;
    }

    /// <summary>ISO 7064 mod 97-10 as ISO 13616 applies it to an IBAN. One random number in 97 passes.</summary>
    /// <param name="iban">ASCII letters and digits without separators, country code first, at least 5.</param>
    public static bool Mod97(ReadOnlySpan<char> iban)
    {
        if (iban.Length < 5)
        {
            return false;
        }

        var remainder = 0;
        for (var i = 0; i < iban.Length; i++)
        {
            // The first four (country and check digits) go to the end before the division.
            var c = iban[(i + 4) % iban.Length];
            remainder = char.IsAsciiDigit(c)
                ? ((remainder * 10) + (c - '0')) % 97
                : ((remainder * 100) + (char.ToUpperInvariant(c) - 'A' + 10)) % 97;
        }

        return remainder == 1;
    }
}
