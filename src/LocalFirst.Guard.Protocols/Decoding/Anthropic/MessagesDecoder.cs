namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Anthropic <c>POST /v1/messages</c> and <c>/v1/messages/count_tokens</c> ("Messages" in the API reference of docs.anthropic.com,
/// content block types of the MIT-licensed SDK 1.12).
/// </summary>
internal sealed class MessagesDecoder : IBodyDecoder
{
    public void Read(PromptDraft draft)
    {
        var tape = draft.Tape;
        tape.Annotate(0, PartRole.None, Provenance.Harness);
        draft.Model = tape.Text(0, "model");
        draft.Stream = tape.IsTrue(0, "stream");
        draft.MaxAnswerTokens = tape.Number(0, "max_tokens");
        draft.SessionKey = SessionKeys.FromUserId(tape.Text(tape.Find(0, "metadata"), "user_id"));
        draft.Reference(0, "container", "a container that the provider keeps");

        foreach (var tools in draft.Members(0, "tools"))
        {
            tape.Annotate(tools, PartRole.Tool, Provenance.Harness);
            foreach (var tool in tape.Children(tools))
            {
                draft.Tools.AddRange(tape.Text(tool, "name") is { } name ? [new ToolDefinition(name)] : []);
            }
        }

        foreach (var system in draft.Members(0, "system"))
        {
            tape.Annotate(system, PartRole.System, Provenance.Harness);
            draft.Say("system", TextOf(draft, system, PartRole.System));
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
        var name = tape.Text(message, "role");
        PartRole? known = name switch
        {
            "user" => PartRole.User,
            "assistant" => PartRole.Assistant,
            "system" => PartRole.System,
            _ => null,
        };
        if (known is not { } role)
        {
            draft.NotUnderstood("a message has a role that is not known.");
            return;
        }

        tape.Annotate(message, role, Provenance.Harness);
        foreach (var content in draft.Members(message, "content"))
        {
            draft.Say(name!, TextOf(draft, content, role));
        }
    }

    /// <summary>Reads content, a string or blocks, and returns its text for a plain chat. Tool results become turns of their own.</summary>
    private static string TextOf(PromptDraft draft, int content, PartRole role)
    {
        var tape = draft.Tape;
        if (tape.IsString(content))
        {
            Words(draft, content, role);
            return tape.Text(content)!;
        }

        var texts = new List<string>();
        foreach (var block in tape.Children(content))
        {
            Block(draft, block, role, texts);
        }

        return string.Join("\n\n", texts);
    }

    private static void Block(PromptDraft draft, int block, PartRole role, List<string> texts)
    {
        var tape = draft.Tape;
        var type = tape.Text(block, "type");
        switch (type)
        {
            case "text":
                foreach (var text in draft.Members(block, "text"))
                {
                    Words(draft, text, role);
                    texts.Add(tape.Text(text) ?? "");
                }

                break;
            case "image":
                File(draft, block, role, "an image");
                break;
            case "document":
                File(draft, block, role, "a document");
                AddFileText(tape, block, texts);
                break;
            case "search_result":
                tape.Annotate(block, role, Provenance.File);
                texts.AddRange(tape.Children(tape.Find(block, "content")).Select(item => tape.Text(item, "text")).OfType<string>());
                break;
            case "thinking":
                // Reasoning is the model's own aside: a plain chat goes on without it.
                tape.Annotate(block, role, Provenance.Assistant);
                Opaque(draft, block, "signature");
                break;
            case "redacted_thinking":
                tape.Annotate(block, role, Provenance.Assistant);
                Opaque(draft, block, "data");
                break;
            case "tool_use" or "server_tool_use" or "mcp_tool_use":
                texts.Add(Call(draft, block, role));
                break;
            case "container_upload":
                draft.Reference(block, "file_id", "a file that the provider keeps");
                break;
            case "tool_reference" or "fallback" or "compaction":
                tape.Annotate(block, role, Provenance.Harness);
                break;
            case not null when type.EndsWith("tool_result", StringComparison.Ordinal):
                Result(draft, block, texts);
                break;
            default:
                draft.NotUnderstood("a content block has a type that is not known.");
                break;
        }
    }

    private static void Words(PromptDraft draft, int node, PartRole role)
    {
        switch (role)
        {
            case PartRole.User:
                draft.UserText(node);
                break;
            case PartRole.Assistant:
                draft.Tape.Annotate(node, role, Provenance.Assistant);
                break;
            default:
                draft.Tape.Annotate(node, role, Provenance.Harness);
                break;
        }
    }

    private static string Call(PromptDraft draft, int block, PartRole role)
    {
        var tape = draft.Tape;
        var tool = tape.Text(block, "name");
        var input = tape.Find(block, "input");
        var origin = CallOrigin.FromNode(tape, input, tool, tape.Text(block, "id"));
        draft.RememberCall(origin.CallId, origin);
        tape.Annotate(block, role, Provenance.ToolCall, origin);
        return $"[call of the tool {tool}: {tape.Raw(input)}]";
    }

    private static void Result(PromptDraft draft, int block, List<string> texts)
    {
        var tape = draft.Tape;
        var origin = draft.OriginOf(tape.Text(block, "tool_use_id"));
        tape.Annotate(block, PartRole.Tool, Provenance.ToolOutput, origin);
        foreach (var content in draft.Members(block, "content"))
        {
            var said = new List<string>();
            if (tape.IsString(content))
            {
                said.Add(tape.Text(content)!);
            }
            else if (tape.IsArray(content))
            {
                foreach (var item in tape.Children(content))
                {
                    ResultItem(draft, item, origin, said);
                }
            }

            // In plain chat a result is a turn of its own, before the words that follow it.
            if (texts.Count > 0)
            {
                draft.Say("user", string.Join("\n\n", texts));
                texts.Clear();
            }

            draft.Say("tool", $"[result of the tool {origin.Tool ?? "call"}]\n{string.Join("\n\n", said)}");
        }
    }

    private static void ResultItem(PromptDraft draft, int item, PartOrigin origin, List<string> said)
    {
        var tape = draft.Tape;
        switch (tape.Text(item, "type"))
        {
            case "text":
                said.AddRange(draft.Members(item, "text").Select(tape.Text).OfType<string>());
                break;
            case "image":
                File(draft, item, PartRole.Tool, "an image", Provenance.ToolOutput, origin);
                break;
            case "document":
                File(draft, item, PartRole.Tool, "a document", Provenance.ToolOutput, origin);
                AddFileText(tape, item, said);
                break;
            case "search_result":
                said.AddRange(tape.Children(tape.Find(item, "content")).Select(part => tape.Text(part, "text")).OfType<string>());
                break;
            case "tool_reference" or "web_search_result" or "code_execution_output" or "bash_code_execution_output":
                break;
            default:
                draft.NotUnderstood("a tool result holds a block of a type that is not known.");
                break;
        }
    }

    private static void File(PromptDraft draft, int block, PartRole role, string what, Provenance provenance = Provenance.File, PartOrigin? origin = null)
    {
        var tape = draft.Tape;
        tape.Annotate(block, role, provenance, origin);
        foreach (var source in draft.Members(block, "source"))
        {
            switch (tape.Text(source, "type"))
            {
                case "text":
                    break;
                case "content":
                    NestedContent(draft, source, role, provenance, origin);
                    break;
                case "base64" or "url" or "file":
                    Bytes(draft, source, what);
                    break;
                default:
                    Bytes(draft, source, what);
                    draft.NotUnderstood("a file comes from a source of a type that is not known.");
                    break;
            }
        }
    }

    private static void NestedContent(PromptDraft draft, int source, PartRole role, Provenance provenance, PartOrigin? origin)
    {
        var tape = draft.Tape;
        var content = tape.Find(source, "content");
        if (!tape.IsArray(content))
        {
            return;
        }

        foreach (var item in tape.Children(content))
        {
            // A document made of blocks holds text and images, no further document.
            if (tape.Text(item, "type") == "image")
            {
                foreach (var inner in draft.Members(item, "source"))
                {
                    Bytes(draft, inner, "an image");
                }
            }
            else if (tape.Text(item, "type") != "text")
            {
                draft.NotUnderstood("a document holds a block of a type that is not known.");
            }

            tape.Annotate(item, role, provenance, origin);
        }
    }

    private static void Bytes(PromptDraft draft, int source, string what)
    {
        foreach (var name in (string[])["data", "url"])
        {
            foreach (var node in draft.Members(source, name))
            {
                draft.Unreadable(node, what);
            }
        }

        draft.Reference(source, "file_id", "a file that the provider keeps");
    }

    private static void AddFileText(JsonTape tape, int block, List<string> texts)
    {
        var source = tape.Find(block, "source");
        if (tape.Text(source, "type") == "text" && tape.Text(source, "data") is { } data)
        {
            texts.Add(data);
        }
        else if (tape.Text(source, "content") is { } content)
        {
            texts.Add(content);
        }
        else if (tape.IsArray(tape.Find(source, "content")))
        {
            texts.AddRange(tape.Children(tape.Find(source, "content")).Select(item => tape.Text(item, "text")).OfType<string>());
        }
    }

    private static void Opaque(PromptDraft draft, int block, string name)
    {
        foreach (var node in draft.Members(block, name))
        {
            draft.Opaque(node);
        }
    }
}
