using System.Globalization;
using System.Text;
using System.Text.Json;
using FsCheck.Xunit;
using LocalFirst.Guard.Audit.Canonical;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

public sealed class CanonicalJsonTests
{
    // RFC 8785 appendix B: IEEE 754 bits and the text.
    [Theory]
    [InlineData("0000000000000000", "0")]
    [InlineData("8000000000000000", "0")]
    [InlineData("0000000000000001", "5e-324")]
    [InlineData("8000000000000001", "-5e-324")]
    [InlineData("7fefffffffffffff", "1.7976931348623157e+308")]
    [InlineData("ffefffffffffffff", "-1.7976931348623157e+308")]
    [InlineData("4340000000000000", "9007199254740992")]
    [InlineData("c340000000000000", "-9007199254740992")]
    [InlineData("4430000000000000", "295147905179352830000")]
    [InlineData("44b52d02c7e14af5", "9.999999999999997e+22")]
    [InlineData("44b52d02c7e14af6", "1e+23")]
    [InlineData("44b52d02c7e14af7", "1.0000000000000001e+23")]
    [InlineData("444b1ae4d6e2ef4e", "999999999999999700000")]
    [InlineData("444b1ae4d6e2ef4f", "999999999999999900000")]
    [InlineData("444b1ae4d6e2ef50", "1e+21")]
    [InlineData("3eb0c6f7a0b5ed8c", "9.999999999999997e-7")]
    [InlineData("3eb0c6f7a0b5ed8d", "0.000001")]
    [InlineData("41b3de4355555553", "333333333.3333332")]
    [InlineData("41b3de4355555554", "333333333.33333325")]
    [InlineData("41b3de4355555555", "333333333.3333333")]
    [InlineData("41b3de4355555556", "333333333.3333334")]
    [InlineData("41b3de4355555557", "333333333.33333343")]
    [InlineData("becbf647612f3696", "-0.0000033333333333333333")]
    [InlineData("43143ff3c1cb0959", "1424953923781206.2")]
    public void Numbers_are_printed_as_the_standard_s_appendix_prints_them(string bits, string text) =>
        Assert.Equal(text, CanonicalNumber.Format(BitConverter.UInt64BitsToDouble(ulong.Parse(bits, NumberStyles.HexNumber, CultureInfo.InvariantCulture))));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_number_that_is_not_finite_has_no_canonical_form(double value) =>
        Assert.Throws<FormatException>(() => CanonicalNumber.Format(value));

    [Theory]
    [InlineData(CanonicalNumber.MaxSafeInteger + 1)]
    [InlineData(long.MinValue)]
    public void An_integer_that_json_readers_would_round_is_refused(long value) =>
        Assert.Throws<FormatException>(() => CanonicalNumber.Format(value));

    [Property]
    public void Every_finite_number_is_read_back_as_itself(double value)
    {
        if (double.IsFinite(value))
        {
            Assert.Equal(value, double.Parse(CanonicalNumber.Format(value), CultureInfo.InvariantCulture));
        }
    }

    [Property]
    public void Integers_have_one_form_whether_they_come_as_integer_or_as_double(int value) =>
        Assert.Equal(CanonicalNumber.Format((long)value), CanonicalNumber.Format((double)value));

    [Fact]
    public void Members_are_sorted_by_utf16_code_units()
    {
        // The example of RFC 8785 §3.2.3.
        const string Input = """{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}""";
        string[] expected = ["\r", "1", "\u0080", "ö", "€", "😀", "\ufb33"];
        using var output = JsonDocument.Parse(Canonical(Input));
        Assert.Equal(expected, output.RootElement.EnumerateObject().Select(m => m.Name));
    }

    [Fact]
    public void Strings_take_the_shortest_escapes_and_everything_else_as_utf8() =>
        Assert.Equal(
            "{\"s\":\"\\b\\t\\n\\f\\r\\\"\\\\/\\u0000\\u001f\u007f\u0080€😀\"}",
            Canonical("""{ "s" : "\u0008\u0009\u000a\u000c\u000d\u0022\u005c\/\u0000\u001F\u007f\u0080\u20ac\ud83d\ude00" }"""));

    [Theory]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""[1e400]""")]
    public void What_has_no_canonical_form_is_refused(string json) =>
        Assert.Throws<FormatException>(() => Canonical(json));

    [Property]
    public void Canonical_bytes_are_a_fixed_point_whatever_the_names_and_values(Dictionary<string, string> members, double[] numbers)
    {
        var clean = members.Where(m => IsUnicode(m.Key) && m.Value is not null && IsUnicode(m.Value)).ToDictionary();
        var finite = numbers.Where(double.IsFinite).ToArray();
        var once = Canonical(JsonSerializer.Serialize(new { z = clean, a = finite, m = new object?[] { null, true, false } }));
        Assert.Equal(once, Canonical(once));

        using var document = JsonDocument.Parse(once);
        var names = document.RootElement.GetProperty("z").EnumerateObject().Select(m => m.Name).ToList();
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Equal(clean, document.RootElement.GetProperty("z").EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetString()!));
    }

    [Fact]
    public void Writing_members_out_of_order_is_an_error()
    {
        var json = new CanonicalWriter();
        json.BeginObject();
        json.Member("b", 1L);
        Assert.Throws<FormatException>(() => json.Member("a", 1L));
    }

    private static string Canonical(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Encoding.UTF8.GetString(CanonicalJson.Canonicalize(document.RootElement));
    }

    private static bool IsUnicode(string text) => text.EnumerateRunes().All(r => r != Rune.ReplacementChar);
}
