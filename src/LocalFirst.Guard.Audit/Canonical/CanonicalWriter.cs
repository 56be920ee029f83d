using System.Buffers;
using System.Text;

namespace LocalFirst.Guard.Audit.Canonical;

/// <summary>
/// Writes RFC 8785 (JSON Canonicalization Scheme) bytes: no white space, members in the order of their names' UTF-16 code units, ECMAScript
/// numbers, the shortest escapes, UTF-8. Members out of order are an error here, so that no caller can write other bytes by accident.
/// </summary>
internal sealed class CanonicalWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(1024);
    private readonly Stack<string?> _lastNames = new();
    private bool _needsComma;

    public int Length => _bytes.WrittenCount;

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public void BeginObject()
    {
        Separate();
        Put((byte)'{');
        _lastNames.Push(null);
        _needsComma = false;
    }

    public void EndObject()
    {
        _lastNames.Pop();
        Put((byte)'}');
        _needsComma = true;
    }

    public void BeginArray()
    {
        Separate();
        Put((byte)'[');
        _needsComma = false;
    }

    public void EndArray()
    {
        Put((byte)']');
        _needsComma = true;
    }

    /// <exception cref="FormatException">The name does not follow the one before it, in UTF-16 code units (RFC 8785 §3.2.3).</exception>
    public void Name(string name)
    {
        var last = _lastNames.Pop();
        if (last is not null && string.CompareOrdinal(last, name) >= 0)
        {
            throw new FormatException($"Member '{name}' may not follow '{last}' in canonical order.");
        }

        _lastNames.Push(name);
        Separate();
        Quote(name);
        Put((byte)':');
        _needsComma = false;
    }

    public void Member(string name, string value)
    {
        Name(name);
        Value(value);
    }

    public void Member(string name, long value)
    {
        Name(name);
        Value(value);
    }

    public void Member(string name, double value)
    {
        Name(name);
        Value(value);
    }

    public void Member(string name, bool value)
    {
        Name(name);
        Value(value);
    }

    /// <summary>RFC 8785 has a form for null; records leave a missing member out instead.</summary>
    public void MemberUnlessNull(string name, string? value)
    {
        if (value is not null)
        {
            Member(name, value);
        }
    }

    public void Value(string value)
    {
        Separate();
        Quote(value);
        _needsComma = true;
    }

    public void Value(long value) => Raw(Encoding.ASCII.GetBytes(CanonicalNumber.Format(value)));

    public void Value(double value) => Raw(Encoding.ASCII.GetBytes(CanonicalNumber.Format(value)));

    public void Value(bool value) => Raw(value ? "true"u8 : "false"u8);

    public void Null() => Raw("null"u8);

    /// <summary>A value that is canonical already.</summary>
    public void Raw(ReadOnlySpan<byte> value)
    {
        Separate();
        _bytes.Write(value);
        _needsComma = true;
    }

    /// <summary>Bytes that one code point takes inside quotes: escapes as in RFC 8785 §3.2.2.2, everything else as UTF-8.</summary>
    public static int EncodedLength(Rune rune) => rune.Value switch
    {
        '"' or '\\' or '\b' or '\t' or '\n' or '\f' or '\r' => 2,
        < 0x20 => 6,
        _ => rune.Utf8SequenceLength,
    };

    private void Separate()
    {
        if (_needsComma)
        {
            Put((byte)',');
        }

        _needsComma = false;
    }

    private void Quote(string value)
    {
        Put((byte)'"');
        var rest = value.AsSpan();
        while (!rest.IsEmpty)
        {
            var plain = PlainPrefix(rest);
            if (plain > 0)
            {
                _bytes.Advance(Encoding.ASCII.GetBytes(rest[..plain], _bytes.GetSpan(plain)));
                rest = rest[plain..];
                continue;
            }

            // A lone surrogate has no UTF-8 form; RFC 8785 §3.2.2.2 asks for an error.
            if (Rune.DecodeFromUtf16(rest, out var rune, out var used) != OperationStatus.Done)
            {
                throw new FormatException("A canonical string may not hold a lone surrogate.");
            }

            Put(rune);
            rest = rest[used..];
        }

        Put((byte)'"');
    }

    private static int PlainPrefix(ReadOnlySpan<char> text)
    {
        var i = 0;
        while (i < text.Length && text[i] is >= ' ' and < (char)0x7f and not ('"' or '\\'))
        {
            i++;
        }

        return i;
    }

    private void Put(Rune rune)
    {
        switch (rune.Value)
        {
            case '"': _bytes.Write("\\\""u8); break;
            case '\\': _bytes.Write("\\\\"u8); break;
            case '\b': _bytes.Write("\\b"u8); break;
            case '\t': _bytes.Write("\\t"u8); break;
            case '\n': _bytes.Write("\\n"u8); break;
            case '\f': _bytes.Write("\\f"u8); break;
            case '\r': _bytes.Write("\\r"u8); break;
            case < 0x20:
                _bytes.Write("\\u00"u8);
                Put((byte)(rune.Value < 0x10 ? '0' : '1'));
                Put((byte)"0123456789abcdef"[rune.Value & 0xf]);
                break;
            default: _bytes.Advance(rune.EncodeToUtf8(_bytes.GetSpan(4))); break;
        }
    }

    private void Put(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }
}
