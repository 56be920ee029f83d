namespace LocalFirst.Guard.Protocols;

/// <summary>
/// OpenAI <c>POST /v1/chat/completions</c> ("Create chat completion" in the API reference, openai-openapi 2.3.0) and the providers
/// that copy it.
/// </summary>
internal sealed class ChatCompletionsDecoder : IBodyDecoder
{
    public void Read(PromptDraft draft)
    {
        var tape = draft.Tape;
        tape.Annotate(0, PartRole.None, Provenance.Harness);
        draft.Model = tape.Text(0, "model");
        draft.Stream = tape.IsTrue(0, "stream");
        draft.IncludeUsage = tape.IsTrue(tape.Find(0, "stream_options"), "include_usage");
        draft.MaxAnswerTokens = tape.Number(0, "max_completion_tokens") ?? tape.Number(0, "max_tokens");
        draft.SessionKey = tape.Text(0, "prompt_cache_key");

        foreach (var name in (string[])["tools", "functions"])
        {
            foreach (var tools in draft.Members(0, name))
            {
                OpenAiTools.Read(draft, tools);
            }
        }

        foreach (var prediction in draft.Members(0, "prediction"))
        {
            // Predicted output is a file as the client holds it now.
            tape.Annotate(prediction, PartRole.None, Provenance.File);
        }

        foreach (var messages in draft.Members(0, "messages"))
        {
            foreach (var message in tape.Children(messages))
            {
                Message(draft, message);
            }
        }
    }

    private static void Message(PromptDraft draft, int message)
    {
        var tape = draft.Tape;
        switch (tape.Text(message, "role"))
        {
            case "system" or "developer":
                tape.Annotate(message, PartRole.System, Provenance.Harness);
                draft.Say("system", Content(draft, message, PartRole.System));
                break;
            case "user":
                tape.Annotate(message, PartRole.User, Provenance.Harness);
                draft.Say("user", Content(draft, message, PartRole.User));
                break;
            case "assistant":
                Assistant(draft, message);
                break;
            case "tool" or "function":
                var origin = draft.OriginOf(tape.Text(message, "tool_call_id"));
                tape.Annotate(message, PartRole.Tool, Provenance.ToolOutput, origin.Tool is null ? origin with { Tool = tape.Text(message, "name") } : origin);
                draft.Say("tool", $"[result of the tool {origin.Tool ?? "call"}]\n{Content(draft, message, PartRole.Tool)}");
                break;
            default:
                draft.NotUnderstood("a message has a role that is not known.");
                break;
        }
    }

    private static void Assistant(PromptDraft draft, int message)
    {
        var tape = draft.Tape;
        tape.Annotate(message, PartRole.Assistant, Provenance.Assistant);
        var said = new List<string>();
        if (Content(draft, message, PartRole.Assistant) is { Length: > 0 } content)
        {
            said.Add(content);
        }

        foreach (var call in draft.Members(message, "tool_calls").SelectMany(tape.Children))
        {
            var function = tape.Find(call, "function") is var found and >= 0 ? found : tape.Find(call, "custom");
            said.Add(Call(draft, call, function, tape.Text(call, "id")));
        }

        foreach (var legacy in draft.Members(message, "function_call"))
        {
            said.Add(Call(draft, legacy, legacy, null));
        }

        // An earlier spoken answer is named by an id that the provider keeps.
        draft.Reference(message, "audio", "a recording that the provider keeps");
        draft.Say("assistant", string.Join("\n\n", said));
    }

    private static string Call(PromptDraft draft, int call, int function, string? id)
    {
        var tape = draft.Tape;
        var tool = tape.Text(function, "name");
        var arguments = tape.Text(function, "arguments") ?? tape.Text(function, "input");
        var origin = CallOrigin.FromText(arguments, tool, id);
        draft.RememberCall(id, origin);
        tape.Annotate(call, PartRole.Assistant, Provenance.ToolCall, origin);
        return $"[call of the tool {tool}: {arguments}]";
    }

    private static string Content(PromptDraft draft, int message, PartRole role)
    {
        var tape = draft.Tape;
        var texts = new List<string>();
        foreach (var content in draft.Members(message, "content"))
        {
            if (tape.IsString(content))
            {
                Words(draft, content, role);
                texts.Add(tape.Text(content)!);
            }
            else if (tape.IsArray(content))
            {
                foreach (var part in tape.Children(content))
                {
                    ContentPart(draft, part, role, texts);
                }
            }
        }

        return string.Join("\n\n", texts);
    }

    private static void ContentPart(PromptDraft draft, int part, PartRole role, List<string> texts)
    {
        var tape = draft.Tape;
        switch (tape.Text(part, "type"))
        {
            case "text":
                foreach (var text in draft.Members(part, "text"))
                {
                    Words(draft, text, role);
                    texts.Add(tape.Text(text) ?? "");
                }

                break;
            case "refusal":
                texts.Add(tape.Text(part, "refusal") ?? "");
                break;
            case "image_url":
                File(draft, part, role, "image_url", "url", "an image");
                break;
            case "input_audio":
                File(draft, part, role, "input_audio", "data", "a recording");
                break;
            case "video_url":
                File(draft, part, role, "video_url", "url", "a video");
                break;
            case "file":
                File(draft, part, role, "file", "file_data", "a file");
                draft.Reference(tape.Find(part, "file"), "file_id", "a file that the provider keeps");
                break;
            default:
                draft.NotUnderstood("a content part has a type that is not known.");
                break;
        }
    }

    private static void File(PromptDraft draft, int part, PartRole role, string member, string bytes, string what)
    {
        draft.Tape.Annotate(part, role, Provenance.File);
        foreach (var holder in draft.Members(part, member))
        {
            if (draft.Tape.IsString(holder))
            {
                draft.Unreadable(holder, what);
            }

            foreach (var node in draft.Members(holder, bytes))
            {
                draft.Unreadable(node, what);
            }
        }
    }

    private static void Words(PromptDraft draft, int node, PartRole role)
    {
        // System, assistant and tool turns already carry their provenance for all of the message.
        if (role == PartRole.User)
        {
            draft.UserText(node);
        }
    }
}
