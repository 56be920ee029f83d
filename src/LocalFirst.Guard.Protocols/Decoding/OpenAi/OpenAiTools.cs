namespace LocalFirst.Guard.Protocols;

/// <summary>Tool declarations of the OpenAI APIs: functions, custom tools, namespaces of them, and the provider's own.</summary>
internal static class OpenAiTools
{
    public static void Read(PromptDraft draft, int tools)
    {
        var tape = draft.Tape;
        tape.Annotate(tools, PartRole.Tool, Provenance.Harness);
        foreach (var tool in tape.Children(tools))
        {
            var type = tape.Text(tool, "type");
            if (type == "namespace")
            {
                foreach (var member in tape.Children(tape.Find(tool, "tools")))
                {
                    AddName(draft, tape.Text(member, "name"));
                }

                continue;
            }

            var named = tape.Find(tool, "function") is var function and >= 0 ? function : tape.Find(tool, "custom");
            AddName(draft, tape.Text(named, "name") ?? tape.Text(tool, "name") ?? type);
            if (type == "code_interpreter")
            {
                foreach (var container in draft.Members(tool, "container").Where(tape.IsString))
                {
                    draft.Opaque(container);
                    draft.CannotTranslate("a container that the provider keeps");
                }
            }
        }
    }

    private static void AddName(PromptDraft draft, string? name)
    {
        if (!string.IsNullOrEmpty(name))
        {
            draft.Tools.Add(new ToolDefinition(name));
        }
    }
}
