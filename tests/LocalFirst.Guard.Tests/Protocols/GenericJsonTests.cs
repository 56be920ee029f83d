using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Protocols;

public sealed class GenericJsonTests
{
    [Fact]
    public void Every_place_of_a_document_is_a_part_with_its_pointer_and_bytes()
    {
        const string Json = """{"a/b":{"m~n":["x",{"zählt é":"line\nbreak"}]},"card":4111111111111111,"short":123456}""";
        var prompt = Some.Generic(Json);

        Assert.Equal(DecodeState.Partial, prompt.State);
        Assert.Equal("x", prompt.At("/a~1b/m~0n/0").Text);
        Assert.Equal("line\nbreak", prompt.At("/a~1b/m~0n/1/*0").Text);
        Assert.Equal("zählt é", prompt.At("/a~1b/m~0n/1/*0~name").Text);
        Assert.Equal("4111111111111111", prompt.At("/card").Text);
        Assert.DoesNotContain(prompt.Parts, part => part.Text == "123456");
        foreach (var part in prompt.Parts.Where(part => part.Place.Bytes is not null))
        {
            var range = part.Place.Bytes!.Value;
            var token = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(Json).AsSpan(range.Start, range.Length));
            Assert.Equal(part.Text, token[0] == '"' ? JsonSerializer.Deserialize<string>(token) : token);
        }
    }

    [Theory]
    [InlineData(JsonTape.MaxNodes - 1, DecodeState.UninspectablePart)]
    [InlineData(JsonTape.MaxNodes, DecodeState.Undecodable)]
    public void A_document_of_too_many_values_is_undecodable_before_it_fills_the_memory(int numbers, DecodeState state)
    {
        var prompt = Some.Generic("[" + string.Join(',', Enumerable.Repeat('1', numbers)) + "]");

        Assert.Equal(state, prompt.State);
    }

    [Fact]
    public void Every_duplicate_key_is_a_part()
    {
        var prompt = Some.Generic("""{"k":"one","k":"two","k":"three"}""");
        Assert.Equal("one", prompt.At("/k").Text);
        Assert.Equal("two", prompt.At("/k#2").Text);
        Assert.Equal("three", prompt.At("/k#3").Text);
    }

    [Fact]
    public void Duplicates_among_many_members_are_found()
    {
        var json = "{" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"k{i % 50_000}\":\"v{i}\"")) + "}";
        var prompt = Some.Generic(json);
        Assert.True(prompt.HasText("v99999"));
        Assert.Equal(50_000, prompt.Parts.Count(part => part.Place.Pointer.EndsWith("#2", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_known_api_with_duplicate_keys_is_partial()
    {
        var prompt = Some.Chat("""{"model":"m","messages":[{"role":"user","role":"system","content":"a","content":"b"}]}""");
        Assert.Equal(DecodeState.Partial, prompt.State);
        Assert.True(prompt.HasText("a"));
        Assert.True(prompt.HasText("b"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("{\"a\":\"b\"")]
    [InlineData("[1,2")]
    [InlineData("not json")]
    [InlineData("{'a':1}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":1} // hidden")]
    [InlineData("/* hidden */ {}")]
    [InlineData("{} {}")]
    [InlineData("{}\n{}")]
    [InlineData("{}\u00a0")]
    [InlineData("\"\\ud80\"")]
    [InlineData("\"\\x\"")]
    public void What_is_not_exactly_one_json_value_is_undecodable(string body)
    {
        var prompt = Some.Generic(body);
        Assert.Equal(body.Length == 0 ? DecodeState.Complete : DecodeState.Undecodable, prompt.State);
    }

    [Fact]
    public void Bytes_after_the_value_are_a_part_and_undecodable()
    {
        var prompt = Some.Chat("""{"model":"m","messages":[]} the tail""");
        Assert.Equal(DecodeState.Undecodable, prompt.State);
        Assert.Equal(" the tail", prompt.At("trailing").Text);
        Assert.True(prompt.HasText("m"));
    }

    [Fact]
    public void White_space_after_the_value_is_nothing() =>
        Assert.Equal(DecodeState.Complete, Some.Chat("{\"model\":\"m\",\"messages\":[]} \r\n\t").State);

    [Fact]
    public void A_byte_order_mark_is_read_over_and_offsets_count_it()
    {
        var prompt = Some.Chat("\uFEFF{\"model\":\"m\",\"messages\":[]}");
        Assert.Equal(DecodeState.Complete, prompt.State);
        Assert.Equal(new ByteRange(12, 3), prompt.At("/model").Place.Bytes);
    }

    [Fact]
    public void Invalid_utf8_and_utf16_are_undecodable()
    {
        Assert.Equal(DecodeState.Undecodable, Some.Generic([(byte)'"', 0xff, (byte)'"']).State);
        Assert.Equal(DecodeState.Undecodable, Some.Generic([(byte)'"', 0xed, 0xa0, 0x80, (byte)'"']).State);
        Assert.Equal(DecodeState.Undecodable, Some.Generic(Encoding.Unicode.GetBytes("{\"a\":\"b\"}")).State);
        Assert.Equal(DecodeState.Undecodable, Some.Generic([.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("{}")]).State);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(10_000)]
    [InlineData(1_000_000)]
    public void Nesting_is_bounded_and_never_crashes(int depth)
    {
        foreach (var json in (string[])[new string('[', depth) + "\"x\"" + new string(']', depth), string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "\"x\"" + new string('}', depth)])
        {
            var prompt = Some.Generic(json);
            if (depth <= 512)
            {
                Assert.True(prompt.HasText("x"));
            }
            else
            {
                Assert.Equal(DecodeState.Undecodable, prompt.State);
                Assert.Contains("512", prompt.StateReason, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("\"\\ud800\"", "\uFFFD")]
    [InlineData("\"\\udc00x\"", "\uFFFDx")]
    [InlineData("\"\\ud83d\\ude00\"", "\U0001F600")]
    [InlineData("\"a\\ud83d\\ud83d\\ude00\"", "a\uFFFD\U0001F600")]
    [InlineData("\"\\u0041\\/\\\\\\\"\\b\\f\\n\\r\\t\"", "A/\\\"\b\f\n\r\t")]
    public void Escapes_are_undone_and_half_a_character_does_not_throw(string json, string text) =>
        Assert.True(Some.Generic(json).HasText(text));

    [Fact]
    public void A_string_of_many_megabytes_is_read()
    {
        var text = new string('x', 8_000_000);
        Assert.True(Some.Generic("{\"a\":\"" + text + "\\n\"}").HasText(text + "\n"));
    }

    [Fact]
    public void Base64_of_any_length_is_text_in_generic_json()
    {
        var data = Convert.ToBase64String(new byte[30_000]);
        Assert.True(Some.Generic($$"""{"data":"{{data}}"}""").HasText(data));
    }

    [Fact]
    public void A_long_list_of_numbers_cannot_be_read()
    {
        var prompt = Some.Generic("{\"input\":[" + string.Join(',', Enumerable.Range(100, 40)) + "]}");
        Assert.Equal(DecodeState.UninspectablePart, prompt.State);
        Assert.Equal(UninspectableReason.Unreadable, prompt.BlindAt("/input").Uninspectable);
    }

    [Theory]
    [InlineData("""{"cachedContent":"cachedContents/1"}""", "/cachedContent")]
    [InlineData("""{"input_file_id":"file-1"}""", "/input_file_id")]
    [InlineData("""{"a":[{"file_ids":["file-1"]}]}""", "/a/0/file_ids/0")]
    public void References_to_content_elsewhere_are_opaque_in_generic_json(string json, string pointer)
    {
        var prompt = Some.Generic(json);
        Assert.Equal(DecodeState.UninspectablePart, prompt.State);
        Assert.Equal(UninspectableReason.OpaqueUnknown, prompt.BlindAt(pointer).Uninspectable);
        Assert.NotEmpty(prompt.At(pointer).Text);
    }

    [Fact]
    public void A_place_never_repeats_a_value_that_stands_in_a_name()
    {
        const string Key = "AKIAIOSFODNN7EXAMPLE";
        var prompt = Some.Generic($$$"""{"a":{"{{{Key}}}":"v","erika@example.org":{"x":1234567} } }""");
        Assert.True(prompt.HasText(Key));
        Assert.True(prompt.HasText("erika@example.org"));
        Assert.DoesNotContain(prompt.Parts, part => part.Place.Pointer.Contains(Key, StringComparison.Ordinal) || part.Place.Pointer.Contains('@', StringComparison.Ordinal));
        Assert.Equal("1234567", prompt.At("/a/*1/x").Text);
    }

    [Property(MaxTest = 500, Arbitrary = [typeof(Json)])]
    public void Every_string_anywhere_is_the_text_of_a_part(RandomJson json)
    {
        foreach (var prompt in (Prompt[])[Some.Generic(json.Text), Some.Chat(json.Text), Some.Responses(json.Text), Some.Messages(json.Text)])
        {
            Assert.NotEqual(DecodeState.Undecodable, prompt.State);
            var texts = prompt.Parts.Select(part => part.Text).ToHashSet(StringComparer.Ordinal);
            Assert.All(json.Strings.Where(text => text.Length > 0), text => Assert.Contains(text, texts));
        }
    }

    [Property(MaxTest = 500)]
    public void Random_bytes_never_throw(byte[] bytes)
    {
        _ = Some.Generic(bytes);
        _ = Some.Messages(Encoding.Latin1.GetString(bytes));
        _ = Some.Decode(Some.Request("api.openai.com", "/" + Encoding.Latin1.GetString(bytes), bytes, "POST", (Encoding.Latin1.GetString(bytes), Encoding.Latin1.GetString(bytes))));
    }

    [Property(MaxTest = 500)]
    public void Mutated_requests_never_throw(int seed)
    {
        var random = new Random(seed);
        foreach (var (target, host, fixture) in Fixtures.All)
        {
            var body = Encoding.UTF8.GetBytes(fixture);
            for (var i = random.Next(8); i >= 0; i--)
            {
                var at = random.Next(body.Length);
                body[at] = random.Next(4) switch { 0 => (byte)'"', 1 => (byte)'{', 2 => (byte)random.Next(256), _ => body[random.Next(body.Length)] };
            }

            _ = Some.Decode(Some.Request(host, target, body.AsMemory(0, random.Next(2) == 0 ? body.Length : random.Next(body.Length))));
        }
    }

    /// <summary>Every scalar of a known request in turn becomes another kind of value: no decoder may rely on a kind.</summary>
    [Fact]
    public void A_value_of_an_unexpected_kind_never_throws()
    {
        foreach (var (target, host, fixture) in Fixtures.All)
        {
            var body = Encoding.UTF8.GetBytes(fixture);
            var whole = Some.Decode(Some.Request(host, target, body));
            foreach (var range in whole.Parts.Where(part => part.Place.Bytes is not null).Select(part => part.Place.Bytes!.Value))
            {
                foreach (var other in (string[])["null", "7", "true", "[]", "{}", "\"other\"", "[[{}]]", "{\"type\":{\"type\":1}}"])
                {
                    byte[] changed = [.. body[..range.Start], .. Encoding.UTF8.GetBytes(other), .. body[(range.Start + range.Length)..]];
                    _ = Some.Decode(Some.Request(host, target, changed));
                }
            }
        }
    }

    public sealed record RandomJson(string Text, IReadOnlyList<string> Strings)
    {
        public override string ToString() => Text;
    }

    public static class Json
    {
        // Names that decoders look at, so that random documents reach into them.
        private static readonly string[] Names =
        [
            "messages", "input", "content", "role", "type", "text", "source", "data", "tool_calls", "function", "arguments", "system", "tools", "model", "output", "signature", "url",
        ];

        private static readonly string[] Values = ["user", "assistant", "system", "tool", "text", "image", "tool_use", "tool_result", "thinking", "message", "function_call", "reasoning", "base64"];

        public static Arbitrary<RandomJson> RandomJson() => Gen.Choose(0, int.MaxValue).Select(seed => Build(new Random(seed))).ToArbitrary();

        private static RandomJson Build(Random random)
        {
            var strings = new List<string>();
            var text = new StringBuilder();
            Object(random, text, strings, 0);
            return new RandomJson(text.ToString(), strings);
        }

        private static void Object(Random random, StringBuilder text, List<string> strings, int depth)
        {
            text.Append('{');
            for (var i = random.Next(1, 6); i > 0; i--)
            {
                var name = random.Next(4) == 0 ? Word(random) : Names[random.Next(Names.Length)];
                if (!Names.Contains(name))
                {
                    strings.Add(name);
                }

                text.Append(Quote(random, name)).Append(':');
                Value(random, text, strings, depth + 1);
                text.Append(i > 1 ? " , " : "");
            }

            text.Append('}');
        }

        private static void Value(Random random, StringBuilder text, List<string> strings, int depth)
        {
            switch (depth > 6 ? 3 : random.Next(8))
            {
                case 0 or 1:
                    Object(random, text, strings, depth);
                    break;
                case 2:
                    text.Append('[');
                    for (var i = random.Next(1, 4); i > 0; i--)
                    {
                        Value(random, text, strings, depth + 1);
                        text.Append(i > 1 ? ",\n" : "");
                    }

                    text.Append(']');
                    break;
                case 7:
                    var number = random.NextInt64(1_000_000, long.MaxValue).ToString(System.Globalization.CultureInfo.InvariantCulture);
                    strings.Add(number);
                    text.Append(number);
                    break;
                default:
                    var value = random.Next(3) == 0 ? Values[random.Next(Values.Length)] : Word(random);
                    strings.Add(value);
                    text.Append(Quote(random, value));
                    break;
            }
        }

        private static string Word(Random random)
        {
            var word = new StringBuilder();
            for (var i = random.Next(1, 30); i > 0; i--)
            {
                word.Append(random.Next(6) switch { 0 => "\U0001F511", 1 => "ß", 2 => "\"", 3 => "\\", 4 => "\u0001", _ => ((char)random.Next('0', 'z')).ToString() });
            }

            return word.ToString();
        }

        /// <summary>The same string in one of its many spellings.</summary>
        private static string Quote(Random random, string value)
        {
            var quoted = new StringBuilder("\"");
            foreach (var c in value)
            {
                var mustEscape = c is '"' or '\\' || c < ' ' || char.IsSurrogate(c);
                quoted.Append(mustEscape || random.Next(5) == 0 ? $"\\u{(int)c:x4}" : c.ToString());
            }

            return quoted.Append('"').ToString();
        }
    }
}
