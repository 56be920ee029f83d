namespace LocalFirst.Guard.Protocols;

/// <summary>OpenAI <c>POST /v1/responses</c> ("Create a model response" in the API reference, openai-openapi 2.3.0; items of Codex 0.169).</summary>
internal sealed class ResponsesDecoder : IBodyDecoder
{
    public void Read(PromptDraft draft)
    {
        var tape = draft.Tape;
        tape.Annotate(0, PartRole.None, Provenance.Harness);
        draft.Model = tape.Text(0, "model");
        draft.Stream = tape.IsTrue(0, "stream");
        draft.Generates = tape.Find(0, "generate") is var generate && (generate < 0 || tape[generate].Kind != System.Text.Json.JsonTokenType.False);
        draft.MaxAnswerTokens = tape.Number(0, "max_output_tokens");
        draft.SessionKey = tape.Text(0, "prompt_cache_key");
        draft.Reference(0, "previous_response_id", "an earlier answer that the provider keeps");
        draft.Reference(0, "conversation", "a conversation that the provider keeps");
        draft.Reference(0, "prompt", "a prompt that the provider keeps");

        foreach (var tools in draft.Members(0, "tools"))
        {
            OpenAiTools.Read(draft, tools);
        }

        foreach (var instructions in draft.Members(0, "instructions"))
        {
            tape.Annotate(instructions, PartRole.System, Provenance.Harness);
            draft.Say("system", tape.Text(instructions));
        }

        foreach (var input in draft.Members(0, "input"))
        {
            if (tape.IsString(input))
            {
                draft.UserText(input);
                draft.Say("user", tape.Text(input));
                continue;
            }

            foreach (var item in tape.Children(input))
            {
                Item(draft, item);
            }
        }
    }

    private static void Item(PromptDraft draft, int item)
    {
        var tape = draft.Tape;
        var type = tape.Text(item, "type") ?? (tape.Find(item, "role") >= 0 ? "message" : null);
        switch (type)
        {
            case "message":
                Message(draft, item);
                break;
            case "reasoning" or "compaction" or "compaction_summary" or "context_compaction":
                // The blob itself is opaque by its name, encrypted_content, wherever it stands.
                tape.Annotate(item, PartRole.Assistant, Provenance.Assistant);
                if (type != "reasoning")
                {
                    draft.CannotTranslate("a compacted conversation that only the provider can read");
                }

                break;
            case "item_reference":
                draft.Reference(item, "id", "an item that the provider keeps");
                break;
            case "additional_tools":
                foreach (var tools in draft.Members(item, "tools"))
                {
                    OpenAiTools.Read(draft, tools);
                }

                break;
            case "compaction_trigger" or "mcp_list_tools" or "mcp_approval_request" or "mcp_approval_response" or "tool_search_call" or "tool_search_output":
                tape.Annotate(item, PartRole.Tool, Provenance.Harness);
                break;
            case "image_generation_call":
                tape.Annotate(item, PartRole.Assistant, Provenance.File);
                foreach (var result in draft.Members(item, "result"))
                {
                    draft.Unreadable(result, "an image");
                }

                break;
            case not null when type.EndsWith("_call_output", StringComparison.Ordinal):
                Output(draft, item);
                break;
            case not null when type.EndsWith("_call", StringComparison.Ordinal):
                Call(draft, item, type);
                break;
            default:
                draft.NotUnderstood("an input item has a type that is not known.");
                break;
        }
    }

    private static void Message(PromptDraft draft, int message)
    {
        var tape = draft.Tape;
        var (role, provenance, name) = tape.Text(message, "role") switch
        {
            "user" => (PartRole.User, Provenance.Harness, "user"),
            "assistant" => (PartRole.Assistant, Provenance.Assistant, "assistant"),
            "system" or "developer" => (PartRole.System, Provenance.Harness, "system"),
            _ => (PartRole.None, Provenance.Harness, null),
        };
        if (name is null)
        {
            draft.NotUnderstood("a message has a role that is not known.");
            return;
        }

        tape.Annotate(message, role, provenance);
        draft.Say(name, Content(draft, message, "content", role));
    }

    private static void Call(PromptDraft draft, int item, string type)
    {
        var tape = draft.Tape;
        var tool = tape.Text(item, "name") ?? type[..^"_call".Length];
        var callId = tape.Text(item, "call_id") ?? tape.Text(item, "id");
        var action = tape.Find(item, "action");
        var words = tape.Text(item, "arguments") ?? tape.Text(item, "input") ?? tape.Text(item, "code") ?? tape.Raw(action);
        var origin = tape.IsObject(action) ? CallOrigin.FromNode(tape, action, tool, callId) : CallOrigin.FromText(words, tool, callId);
        draft.RememberCall(callId, origin);
        tape.Annotate(item, PartRole.Assistant, Provenance.ToolCall, origin);

        // Calls that run at the provider bring their result in the same item.
        foreach (var result in (string[])["output", "outputs", "results"])
        {
            foreach (var node in draft.Members(item, result))
            {
                tape.Annotate(node, PartRole.Tool, Provenance.ToolOutput, origin);
            }
        }

        draft.Reference(item, "container_id", "a container that the provider keeps");
        draft.Say("assistant", $"[call of the tool {tool}: {words}]");
    }

    private static void Output(PromptDraft draft, int item)
    {
        var tape = draft.Tape;
        var origin = draft.OriginOf(tape.Text(item, "call_id"));
        tape.Annotate(item, PartRole.Tool, Provenance.ToolOutput, origin);
        var text = Content(draft, item, "output", PartRole.Tool);
        draft.Say("tool", $"[result of the tool {origin.Tool ?? "call"}]\n{text}");
    }

    private static string Content(PromptDraft draft, int holder, string member, PartRole role)
    {
        var tape = draft.Tape;
        var texts = new List<string>();
        foreach (var content in draft.Members(holder, member))
        {
            if (tape.IsString(content))
            {
                Words(draft, content, role);
                texts.Add(tape.Text(content)!);
            }
            else if (tape.IsObject(content))
            {
                // computer_call_output: one screenshot, not a list.
                ContentPart(draft, content, role, texts);
            }
            else
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
            case "input_text" or "output_text" or "text" or "summary_text" or "reasoning_text":
                foreach (var text in draft.Members(part, "text"))
                {
                    Words(draft, text, role);
                    texts.Add(tape.Text(text) ?? "");
                }

                break;
            case "refusal":
                texts.Add(tape.Text(part, "refusal") ?? "");
                break;
            case "input_image" or "computer_screenshot":
                File(draft, part, role, "image_url", "an image");
                break;
            case "input_file":
                File(draft, part, role, "file_data", "a file");
                File(draft, part, role, "file_url", "a file");
                break;
            case "input_audio":
                File(draft, part, role, "input_audio", "a recording");
                break;
            case null when tape.Find(part, "stdout") is var stdout and >= 0:
                // shell_call_output: a list of {stdout, stderr, outcome}.
                texts.Add($"{tape.Text(stdout)}\n{tape.Text(part, "stderr")}");
                break;
            default:
                draft.NotUnderstood("a content part has a type that is not known.");
                break;
        }
    }

    private static void File(PromptDraft draft, int part, PartRole role, string member, string what)
    {
        var tape = draft.Tape;
        tape.Annotate(part, role, role == PartRole.Tool ? Provenance.ToolOutput : Provenance.File, tape[part].Origin);
        foreach (var node in draft.Members(part, member))
        {
            if (tape.IsObject(node))
            {
                foreach (var data in draft.Members(node, "data"))
                {
                    draft.Unreadable(data, what);
                }
            }
            else
            {
                draft.Unreadable(node, what);
            }
        }

        draft.Reference(part, "file_id", "a file that the provider keeps");
    }

    private static void Words(PromptDraft draft, int node, PartRole role)
    {
        // System, assistant and tool items already carry their provenance for all of the item.
        if (role == PartRole.User)
        {
            draft.UserText(node);
        }
    }
}
