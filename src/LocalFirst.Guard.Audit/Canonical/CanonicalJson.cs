using System.Text.Json;

namespace LocalFirst.Guard.Audit.Canonical;

/// <summary>Brings any JSON value to its RFC 8785 bytes.</summary>
internal static class CanonicalJson
{
    /// <exception cref="FormatException">The value has no canonical form: duplicate member, lone surrogate, number out of range.</exception>
    public static byte[] Canonicalize(JsonElement value)
    {
        var writer = new CanonicalWriter();
        Write(writer, value);
        return writer.ToArray();
    }

    private static void Write(CanonicalWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.BeginObject();
                foreach (var (name, member) in value.EnumerateObject().Select(m => (Name: NameOf(m), m.Value)).OrderBy(m => m.Name, StringComparer.Ordinal))
                {
                    writer.Name(name);
                    Write(writer, member);
                }

                writer.EndObject();
                break;
            case JsonValueKind.Array:
                writer.BeginArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.EndArray();
                break;
            case JsonValueKind.String:
                writer.Value(StringOf(value));
                break;
            case JsonValueKind.Number:
                // Every JSON number is an IEEE 754 double here (RFC 8785 §3.2.2.3), whatever digits it was written with.
                writer.Value(value.TryGetDouble(out var number) ? number : throw new FormatException("A number is out of range."));
                break;
            case JsonValueKind.True:
                writer.Value(true);
                break;
            case JsonValueKind.False:
                writer.Value(false);
                break;
            default:
                writer.Null();
                break;
        }
    }

    private static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("A canonical name may not hold a lone surrogate.", e);
        }
    }

    private static string StringOf(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("A canonical string may not hold a lone surrogate.", e);
        }
    }
}
