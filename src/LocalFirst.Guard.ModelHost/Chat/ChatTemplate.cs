using LocalFirst.Guard.ModelHost.Gguf;

namespace LocalFirst.Guard.ModelHost.Chat;

/// <summary>One message of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Text">Its text.</param>
internal sealed record ChatTurn(string Role, string Text);

/// <summary>A piece of a rendered prompt.</summary>
/// <param name="Text">The text.</param>
/// <param name="IsTemplate">True for text of the template, whose control tokens count; in all other text they are plain characters.</param>
internal readonly record struct PromptSegment(string Text, bool IsTemplate);

/// <summary>How a family of chat models wants its turns written.</summary>
internal enum ChatFamily
{
    /// <summary>Qwen, Hermes, SmolLM and most others; also the fallback.</summary>
    ChatMl,

    /// <summary>Llama 3 and its descendants.</summary>
    Llama3,

    /// <summary>Mistral and Mixtral instruct models.</summary>
    Mistral,

    /// <summary>Gemma 2 and 3.</summary>
    Gemma,

    /// <summary>The demo model of this product.</summary>
    Guard,
}

/// <summary>
/// Renders a conversation into segments. The family is told by marks in the model's own template: a full template interpreter belongs to a later
/// step, and plain chat needs none.
/// </summary>
/// <param name="family">The family.</param>
/// <param name="stops">Texts that end an answer where the model writes them as plain text.</param>
internal sealed class ChatTemplate(ChatFamily family, params string[] stops)
{
    /// <summary>The family.</summary>
    public ChatFamily Family { get; } = family;

    /// <summary>Texts that end an answer.</summary>
    public IReadOnlyList<string> Stops { get; } = stops;

    /// <summary>Chooses by the marks in the file's template.</summary>
    /// <param name="header">The file's header.</param>
    public static ChatTemplate Choose(GgufHeader header)
    {
        var template = header.Text("tokenizer.chat_template") ?? "";
        return template switch
        {
            _ when template.Contains("<|guard:", StringComparison.Ordinal) => new ChatTemplate(ChatFamily.Guard, "<|guard:"),
            _ when template.Contains("<|start_header_id|>", StringComparison.Ordinal) => new ChatTemplate(ChatFamily.Llama3, "<|eot_id|>"),
            _ when template.Contains("<start_of_turn>", StringComparison.Ordinal) => new ChatTemplate(ChatFamily.Gemma, "<end_of_turn>"),
            _ when template.Contains("[INST]", StringComparison.Ordinal) => new ChatTemplate(ChatFamily.Mistral, "[INST]"),
            _ => new ChatTemplate(ChatFamily.ChatMl, "<|im_end|>", "<|im_start|>"),
        };
    }

    /// <summary>Renders a conversation up to the point where the assistant speaks.</summary>
    /// <param name="turns">The conversation.</param>
    public IReadOnlyList<PromptSegment> Render(IReadOnlyList<ChatTurn> turns)
    {
        var segments = new List<PromptSegment>();
        switch (Family)
        {
            case ChatFamily.Llama3:
                Wrapped(turns, segments, role => $"<|start_header_id|>{(role == "tool" ? "ipython" : role)}<|end_header_id|>\n\n", "<|eot_id|>");
                break;
            case ChatFamily.Guard:
                Wrapped(turns, segments, role => $"<|guard:{role}|>", "<|guard:end|>");
                break;
            case ChatFamily.Gemma:
                Wrapped(WithoutSystem(turns), segments, role => $"<start_of_turn>{(role == "assistant" ? "model" : "user")}\n", "<end_of_turn>\n");
                break;
            case ChatFamily.Mistral:
                Mistral(WithoutSystem(turns), segments);
                break;
            default:
                Wrapped(turns, segments, role => $"<|im_start|>{role}\n", "<|im_end|>\n");
                break;
        }

        return segments;
    }

    private static void Wrapped(IReadOnlyList<ChatTurn> turns, List<PromptSegment> into, Func<string, string> open, string close)
    {
        foreach (var turn in turns)
        {
            into.Add(new PromptSegment(open(turn.Role), true));
            into.Add(new PromptSegment(turn.Text, false));
            into.Add(new PromptSegment(close, true));
        }

        into.Add(new PromptSegment(open("assistant"), true));
    }

    private static void Mistral(IReadOnlyList<ChatTurn> turns, List<PromptSegment> into)
    {
        foreach (var turn in turns)
        {
            if (turn.Role == "assistant")
            {
                into.Add(new PromptSegment(turn.Text, false));
                into.Add(new PromptSegment("</s>", true));
                continue;
            }

            into.Add(new PromptSegment("[INST] ", true));
            into.Add(new PromptSegment(turn.Text, false));
            into.Add(new PromptSegment(" [/INST]", true));
        }
    }

    // Gemma and the first Mistrals know no system role and want strictly alternating turns: instructions go before the first user text, and
    // neighbours of one role become one turn.
    private static List<ChatTurn> WithoutSystem(IReadOnlyList<ChatTurn> turns)
    {
        var merged = new List<ChatTurn>();
        foreach (var turn in turns)
        {
            var role = turn.Role == "assistant" ? "assistant" : "user";
            if (merged.Count > 0 && merged[^1].Role == role)
            {
                merged[^1] = new ChatTurn(role, merged[^1].Text + "\n\n" + turn.Text);
            }
            else
            {
                merged.Add(new ChatTurn(role, turn.Text));
            }
        }

        return merged;
    }
}
