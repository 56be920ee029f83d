using LocalFirst.Guard.Inspection.Pii;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection.Pii;

public sealed class ChecksumTests
{
    [Theory]
    [InlineData("4111111111111111")]
    [InlineData("378282246310005")]
    [InlineData("6011000990139424")]
    [InlineData("30569309025904")]
    public void Luhn_accepts_a_number_and_none_with_one_digit_changed(string number)
    {
        Assert.True(Checksums.Luhn(number));
        foreach (var mutated in Mutations(number, "0123456789"))
        {
            Assert.False(Checksums.Luhn(mutated), mutated);
        }
    }

    [Theory]
    [InlineData("DE89370400440532013000")]
    [InlineData("GB29NWBK60161331926819")]
    [InlineData("MT84MALT011000012345MTLCAST001S")]
    [InlineData("NO9386011117947")]
    public void Mod_97_accepts_an_account_and_none_with_one_digit_changed(string iban)
    {
        Assert.True(Checksums.Mod97(iban));
        Assert.True(Checksums.Mod97(iban.ToLowerInvariant()));
        foreach (var mutated in Mutations(iban, "0123456789"))
        {
            Assert.False(Checksums.Mod97(mutated), mutated);
        }
    }

    [Fact]
    public void Nothing_has_no_valid_checksum()
    {
        Assert.False(Checksums.Luhn([]));
        Assert.False(Checksums.Mod97("DE8"));
    }

    [Fact]
    public void A_tenth_of_random_numbers_passes_Luhn_and_a_hundredth_mod_97()
    {
        var random = new Random(11);
        int luhn = 0, mod97 = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var digits = string.Concat(Enumerable.Range(0, 18).Select(_ => (char)('0' + random.Next(10))));
            luhn += Checksums.Luhn(digits.AsSpan(0, 16)) ? 1 : 0;
            mod97 += Checksums.Mod97($"DE{digits}") ? 1 : 0;
        }

        Assert.InRange(luhn, 1_800, 2_200);
        Assert.InRange(mod97, 150, 270);
    }

    private static IEnumerable<string> Mutations(string value, string alphabet)
    {
        for (var i = 0; i < value.Length; i++)
        {
            foreach (var c in alphabet.Where(c => char.IsAsciiDigit(value[i]) && c != value[i]))
            {
                yield return string.Concat(value.AsSpan(0, i), [c], value.AsSpan(i + 1));
            }
        }
    }
}
