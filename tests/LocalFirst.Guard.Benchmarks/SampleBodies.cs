using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LocalFirst.Guard.Benchmarks;

/// <summary>Request bodies of a wanted size; the same seed gives the same bytes.</summary>
internal static class SampleBodies
{
    private const int AgentMessages = 150;

    private static readonly string[] Words = ["request", "the", "parser", "returns", "value", "while", "handler", "of", "index", "buffer", "and", "stream", "checks", "for", "result", "each", "table", "entry"];

    /// <summary>One message of prose.</summary>
    public static byte[] Prose(int size, int seed)
    {
        var random = new Random(seed);
        return JsonSerializer.SerializeToUtf8Bytes(new { model = "gpt-5", messages = new[] { new { role = "user", content = Sentences(random, size - 120) } } });
    }

    /// <summary>
    /// A turn of a coding agent: prose, code, tool calls (JSON in a JSON string) and tool results (source, logs, JSON). All but the last message,
    /// about <paramref name="newText"/> characters, is the same for every <paramref name="turn"/>, as agents resend their history.
    /// </summary>
    public static byte[] AgentTurn(int size, int newText, int turn)
    {
        var random = new Random(7);
        var messages = new List<object>(AgentMessages + 1) { new { role = "system", content = Sentences(random, 6000) } };
        var share = (size - newText - 6000) / AgentMessages * 85 / 100; // What is left is JSON around the texts.
        for (var i = 0; messages.Count < AgentMessages; i++)
        {
            var call = string.Create(CultureInfo.InvariantCulture, $"call_{i:x6}");
            messages.Add(new { role = "user", content = Sentences(random, share / 2) });
            messages.Add(new
            {
                role = "assistant",
                content = Sentences(random, share / 4),
                tool_calls = new[] { new { id = call, type = "function", function = new { name = "edit_file", arguments = Arguments(random, i, share) } } },
            });
            messages.Add(new { role = "tool", tool_call_id = call, content = ToolResult(random, i, share * 2) });
        }

        messages.Add(new { role = "tool", tool_call_id = "call_last", content = Code(new Random(1000 + turn), newText) });
        return JsonSerializer.SerializeToUtf8Bytes(new { model = "gpt-5", stream = true, messages });
    }

    private static string Arguments(Random random, int i, int size) =>
        JsonSerializer.Serialize(new { file_path = string.Create(CultureInfo.InvariantCulture, $"/src/app/module{i}.cs"), old_string = Code(random, size / 2), new_string = Code(random, size / 2) });

    private static string ToolResult(Random random, int i, int size) => (i % 3) switch
    {
        0 => Code(random, size),
        1 => Log(random, size),
        _ => JsonSerializer.Serialize(new { status = "ok", items = new[] { new { path = "/src/app/a.cs", text = Code(random, size / 2) }, new { path = "/var/log/app.log", text = Log(random, size / 3) } } }),
    };

    private static string Sentences(Random random, int length)
    {
        var text = new StringBuilder(length + 16);
        while (text.Length < length)
        {
            text.Append(Words[random.Next(Words.Length)]).Append(random.Next(12) == 0 ? '\n' : ' ');
        }

        return text.ToString();
    }

    private static string Code(Random random, int length)
    {
        var text = new StringBuilder(length + 80);
        while (text.Length < length)
        {
            var (a, b, c) = (Words[random.Next(Words.Length)], Words[random.Next(Words.Length)], Words[random.Next(Words.Length)]);
            text.Append(CultureInfo.InvariantCulture, $"    var {a}{random.Next(100)} = {b}.Find(\"{c}\", {random.Next(10_000)}); // {a} of {c}\n");
            if (random.Next(4) == 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"    if ({a} != null && {b}.Length > {random.Next(64)})\n    {{\n        return {c};\n    }}\n");
            }
        }

        return text.ToString();
    }

    private static string Log(Random random, int length)
    {
        var text = new StringBuilder(length + 120);
        while (text.Length < length)
        {
            text.Append(CultureInfo.InvariantCulture, $"2026-03-{random.Next(1, 28):00}T10:{random.Next(60):00}:{random.Next(60):00}.{random.Next(1000):000}Z INFO 10.0.{random.Next(256)}.{random.Next(256)} {Words[random.Next(Words.Length)]} took {random.Next(900)} ms id={random.NextInt64():x16}\n");
        }

        return text.ToString();
    }
}
