namespace LocalFirst.Guard.Tests.Protocols;

/// <summary>Requests of each known API, written for these tests after the providers' references.</summary>
internal static class Fixtures
{
    public const string Messages =
        """
        {
          "model": "claude-test", "max_tokens": 512, "stream": true,
          "metadata": {"user_id": "{\"device_id\":\"d\",\"session_id\":\"sess-7\"}"},
          "system": [{"type": "text", "text": "You help.", "cache_control": {"type": "ephemeral"}}],
          "tools": [{"name": "Read", "description": "Reads a file.", "input_schema": {"type": "object", "properties": {"file_path": {"type": "string", "description": "Where it is."}}}}],
          "messages": [
            {"role": "user", "content": [
              {"type": "text", "text": "<system-reminder>\nToday is Sunday.\n</system-reminder>"},
              {"type": "text", "text": "Please read the notes."}]},
            {"role": "system", "content": "Agents on offer: none."},
            {"role": "assistant", "content": [
              {"type": "text", "text": "I will look."},
              {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"file_path": "/srv/notes.txt"}},
              {"type": "tool_use", "id": "toolu_2", "name": "Bash", "input": {"command": "cat .env"}}]},
            {"role": "user", "content": [
              {"type": "tool_result", "tool_use_id": "toolu_1", "content": "buy milk"},
              {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": false, "content": [{"type": "text", "text": "PORT=1"}]},
              {"type": "document", "title": "Plan", "source": {"type": "text", "media_type": "text/plain", "data": "Chapter one."}},
              {"type": "text", "text": "What does it say?"}]}
          ]
        }
        """;

    public const string Chat =
        """
        {
          "model": "gpt-test", "stream": true, "stream_options": {"include_usage": true}, "max_completion_tokens": 99, "prompt_cache_key": "cache-1",
          "tools": [{"type": "function", "function": {"name": "shell", "description": "Runs a command.", "parameters": {"type": "object"}}}],
          "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "List the files."}]},
            {"role": "assistant", "content": null, "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "shell", "arguments": "{\"command\":[\"ls\",\"-l\"]}"}}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "a.txt"},
            {"role": "user", "content": "Thanks."}
          ]
        }
        """;

    public const string Responses =
        """
        {
          "model": "gpt-test", "stream": true, "instructions": "Be brief.", "max_output_tokens": 77, "prompt_cache_key": "thread-9", "store": false,
          "include": ["reasoning.encrypted_content"],
          "tools": [{"type": "function", "name": "read", "description": "Reads.", "parameters": {"type": "object"}}, {"type": "web_search"}],
          "input": [
            {"type": "additional_tools", "role": "developer", "tools": [{"type": "namespace", "name": "files", "tools": [{"type": "custom", "name": "patch", "description": "Patches."}]}]},
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Stay in the folder."}]},
            {"role": "user", "content": [{"type": "input_text", "text": "<environment_context>\n<cwd>/srv</cwd>"}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Read it."}]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Thinking of it."}]},
            {"type": "function_call", "call_id": "call_1", "name": "read", "arguments": "{\"path\":\"/srv/a.txt\"}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "alpha"},
            {"type": "custom_tool_call", "call_id": "call_2", "name": "patch", "input": "*** Begin"},
            {"type": "custom_tool_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "patched"}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "It says alpha."}]}
          ]
        }
        """;

    public static readonly (string Target, string Host, string Body)[] All =
    [
        ("/v1/messages", "api.anthropic.com", Messages),
        ("/v1/chat/completions", "api.openai.com", Chat),
        ("/v1/responses", "api.openai.com", Responses),
    ];
}
