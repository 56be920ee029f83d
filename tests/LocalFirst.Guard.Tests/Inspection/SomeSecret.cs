using System.Text.Json;

namespace LocalFirst.Guard.Tests.Inspection;

/// <summary>Secrets made when a test runs: nothing in this repository is one.</summary>
internal static class SomeSecret
{
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>A GitHub token whose checksum holds.</summary>
    public static string GitHubToken(int seed = 1)
    {
        var body = Letters(30, seed);
        var checksum = uint.MaxValue;
        foreach (var character in body)
        {
            checksum ^= character;
            for (var bit = 0; bit < 8; bit++)
            {
                checksum = (checksum & 1) != 0 ? (checksum >> 1) ^ 0xEDB88320 : checksum >> 1;
            }
        }

        checksum = ~checksum;
        var digits = new char[6];
        for (var at = 5; at >= 0; at--)
        {
            digits[at] = Base62[(int)(checksum % 62)];
            checksum /= 62;
        }

        return "ghp" + "_" + body + new string(digits);
    }

    /// <summary>An AI provider's key: prefix and letters, no checksum.</summary>
    public static string GroqKey(int seed = 1) => "gsk" + "_" + Letters(52, seed);

    /// <summary>Letters and digits, the same for the same seed.</summary>
    public static string Letters(int count, int seed)
    {
        var random = new Random(seed);
        return string.Create(count, random, static (span, random) =>
        {
            foreach (ref var character in span)
            {
                character = Base62[random.Next(Base62.Length)];
            }
        });
    }

    /// <summary>A text as a JSON string inside a JSON string …, without the outermost quotes.</summary>
    public static string Nested(string text, int levels)
    {
        for (var level = 0; level < levels; level++)
        {
            text = JsonSerializer.Serialize(text, RelaxedJson)[1..^1];
        }

        return text;
    }

    private static readonly JsonSerializerOptions RelaxedJson = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
