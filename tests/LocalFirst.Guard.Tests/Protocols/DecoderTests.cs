using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Protocols;

public sealed class DecoderTests
{
    private static readonly string Bulk = Convert.ToBase64String(new byte[3000]);

    [Fact]
    public void Anthropic_messages_are_understood_with_role_provenance_and_origin()
    {
        var prompt = Some.Messages(Fixtures.Messages);

        Assert.Equal((DecodeState.Complete, ApiForm.AnthropicMessages), (prompt.State, prompt.Api));
        Assert.Equal(("claude-test", "sess-7", true, 512), (prompt.RequestedModel, prompt.SessionKey, prompt.Stream, prompt.MaxAnswerTokens));
        Assert.Equal(["Read"], prompt.Tools.Select(tool => tool.Name));
        Assert.True(prompt.TokenEstimate > 300);
        Is(prompt, "/system/0/text", "You help.", PartRole.System, Provenance.Harness);
        Is(prompt, "/tools/0/description", "Reads a file.", PartRole.Tool, Provenance.Harness);
        Is(prompt, "/messages/0/content/0/text", "<system-reminder>\nToday is Sunday.\n</system-reminder>", PartRole.User, Provenance.Harness);
        Is(prompt, "/messages/0/content/1/text", "Please read the notes.", PartRole.User, Provenance.Human);
        Is(prompt, "/messages/1/content", "Agents on offer: none.", PartRole.System, Provenance.Harness);
        Is(prompt, "/messages/2/content/0/text", "I will look.", PartRole.Assistant, Provenance.Assistant);
        var call = Is(prompt, "/messages/2/content/1/input/file_path", "/srv/notes.txt", PartRole.Assistant, Provenance.ToolCall);
        Assert.Equal(new PartOrigin("Read", "toolu_1", "/srv/notes.txt"), call.Origin);
        var result = Is(prompt, "/messages/3/content/0/content", "buy milk", PartRole.Tool, Provenance.ToolOutput);
        Assert.Equal(new PartOrigin("Read", "toolu_1", "/srv/notes.txt"), result.Origin);
        Assert.Equal("cat .env", prompt.At("/messages/3/content/1/content/0/text").Origin?.Command);
        Is(prompt, "/messages/3/content/2/source/data", "Chapter one.", PartRole.User, Provenance.File);
        Is(prompt, "/messages/3/content/3/text", "What does it say?", PartRole.User, Provenance.Human);

        Assert.Null(prompt.Untranslatable);
        Assert.Equal(["system", "user", "system", "assistant", "tool", "tool", "user"], prompt.Conversation.Select(message => message.Role));
        Assert.Contains("/srv/notes.txt", prompt.Conversation[3].Text, StringComparison.Ordinal);
        Assert.Contains("buy milk", prompt.Conversation[4].Text, StringComparison.Ordinal);
        Assert.Equal("Chapter one.\n\nWhat does it say?", prompt.Conversation[6].Text);
    }

    [Fact]
    public void Count_tokens_is_decoded_like_messages()
    {
        var prompt = Some.Decode(Some.Request("api.anthropic.com", "/v1/messages/count_tokens", System.Text.Encoding.UTF8.GetBytes(Fixtures.Messages)));
        Assert.Equal((DecodeState.Complete, ApiForm.AnthropicCountTokens), (prompt.State, prompt.Api));
    }

    [Fact]
    public void OpenAI_chat_is_understood_with_role_provenance_and_origin()
    {
        var prompt = Some.Chat(Fixtures.Chat);

        Assert.Equal((DecodeState.Complete, ApiForm.OpenAiChat), (prompt.State, prompt.Api));
        Assert.Equal(("gpt-test", "cache-1", true, true, 99), (prompt.RequestedModel, prompt.SessionKey, prompt.Stream, prompt.IncludeUsage, prompt.MaxAnswerTokens));
        Assert.Equal(["shell"], prompt.Tools.Select(tool => tool.Name));
        Is(prompt, "/messages/0/content", "Be brief.", PartRole.System, Provenance.Harness);
        Is(prompt, "/messages/1/content/0/text", "List the files.", PartRole.User, Provenance.Human);
        Is(prompt, "/messages/2/tool_calls/0/function/arguments", """{"command":["ls","-l"]}""", PartRole.Assistant, Provenance.ToolCall);
        var result = Is(prompt, "/messages/3/content", "a.txt", PartRole.Tool, Provenance.ToolOutput);
        Assert.Equal(new PartOrigin("shell", "call_1", null, "ls -l"), result.Origin);
        Is(prompt, "/messages/4/content", "Thanks.", PartRole.User, Provenance.Human);
        Assert.Equal(["system", "user", "assistant", "tool", "user"], prompt.Conversation.Select(message => message.Role));
    }

    [Fact]
    public void OpenAI_responses_are_understood_with_role_provenance_and_origin()
    {
        var prompt = Some.Responses(Fixtures.Responses);

        Assert.Null(prompt.StateReason);
        Assert.Equal((DecodeState.Complete, ApiForm.OpenAiResponses), (prompt.State, prompt.Api));
        Assert.Equal(("gpt-test", "thread-9", true, 77), (prompt.RequestedModel, prompt.SessionKey, prompt.Stream, prompt.MaxAnswerTokens));
        Assert.Equal(["read", "web_search", "patch"], prompt.Tools.Select(tool => tool.Name));
        Is(prompt, "/instructions", "Be brief.", PartRole.System, Provenance.Harness);
        Is(prompt, "/input/0/tools/0/tools/0/description", "Patches.", PartRole.Tool, Provenance.Harness);
        Is(prompt, "/input/1/content/0/text", "Stay in the folder.", PartRole.System, Provenance.Harness);
        Is(prompt, "/input/2/content/0/text", "<environment_context>\n<cwd>/srv</cwd>", PartRole.User, Provenance.Harness);
        Is(prompt, "/input/3/content/0/text", "Read it.", PartRole.User, Provenance.Human);
        Is(prompt, "/input/4/summary/0/text", "Thinking of it.", PartRole.Assistant, Provenance.Assistant);
        Is(prompt, "/input/5/arguments", """{"path":"/srv/a.txt"}""", PartRole.Assistant, Provenance.ToolCall);
        var result = Is(prompt, "/input/6/output", "alpha", PartRole.Tool, Provenance.ToolOutput);
        Assert.Equal(new PartOrigin("read", "call_1", "/srv/a.txt"), result.Origin);
        Is(prompt, "/input/8/output/0/text", "patched", PartRole.Tool, Provenance.ToolOutput);
        Is(prompt, "/input/9/content/0/text", "It says alpha.", PartRole.Assistant, Provenance.Assistant);
        Assert.Equal("alpha", prompt.Conversation[5].Text.Split('\n')[1]);
    }

    [Fact]
    public void A_plain_string_is_the_human_s_turn()
    {
        Is(Some.Responses("""{"model":"m","input":"Hello."}"""), "/input", "Hello.", PartRole.User, Provenance.Human);
        Is(Some.Messages("""{"model":"m","system":"S","messages":[{"role":"user","content":"Hello."}]}"""), "/messages/0/content", "Hello.", PartRole.User, Provenance.Human);
    }

    [Theory]
    [InlineData("image", """{"type":"base64","media_type":"image/png","data":"BULK"}""", "/data")]
    [InlineData("image", """{"type":"url","url":"https://example.org/x.png"}""", "/url")]
    [InlineData("document", """{"type":"base64","media_type":"application/pdf","data":"BULK"}""", "/data")]
    [InlineData("document", """{"type":"content","content":[{"type":"image","source":{"type":"base64","data":"BULK"}}]}""", "/content/0/source/data")]
    public void Anthropic_files_cannot_be_read(string type, string source, string place)
    {
        source = source.Replace("BULK", Bulk, StringComparison.Ordinal);
        var prompt = Some.Messages($$"""{"model":"m","messages":[{"role":"user","content":[{"type":"{{type}}","source":{{source}}}]}]}""");
        Blind(prompt, "/messages/0/content/0/source" + place, UninspectableReason.Unreadable);
        Assert.NotNull(prompt.Untranslatable);
        Assert.False(prompt.HasText(Bulk));
        Assert.Equal(place == "/url", prompt.HasText("https://example.org/x.png"));
    }

    [Theory]
    [InlineData("""{"type":"image_url","image_url":{"url":"data:image/png;base64,BULK"}}""", "/image_url/url")]
    [InlineData("""{"type":"input_audio","input_audio":{"data":"BULK","format":"wav"}}""", "/input_audio/data")]
    [InlineData("""{"type":"file","file":{"filename":"a.pdf","file_data":"BULK"}}""", "/file/file_data")]
    public void Chat_files_cannot_be_read(string part, string place)
    {
        var prompt = Some.Chat($$"""{"model":"m","messages":[{"role":"user","content":[{{part.Replace("BULK", Bulk, StringComparison.Ordinal)}}]}]}""");
        Blind(prompt, "/messages/0/content/0" + place, UninspectableReason.Unreadable);
        Assert.NotNull(prompt.Untranslatable);
        Assert.DoesNotContain(prompt.Parts, text => text.Text.Contains(Bulk, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"type":"input_image","image_url":"data:image/png;base64,BULK"}""", "/image_url")]
    [InlineData("""{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,BULK"}""", "/file_data")]
    public void Responses_files_cannot_be_read(string part, string place)
    {
        var prompt = Some.Responses($$"""{"model":"m","input":[{"role":"user","content":[{{part.Replace("BULK", Bulk, StringComparison.Ordinal)}}]}]}""");
        Blind(prompt, "/input/0/content/0" + place, UninspectableReason.Unreadable);
        Assert.NotNull(prompt.Untranslatable);
    }

    [Fact]
    public void Text_in_a_field_for_bytes_is_looked_at_all_the_same()
    {
        const string Canary = "not base64 at all, but words";
        var prompt = Some.Messages($$$"""{"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":"{{{Canary}}}"}}]}]}""");
        Assert.Equal(DecodeState.UninspectablePart, prompt.State);
        Assert.True(prompt.HasText(Canary));
    }

    [Theory]
    [InlineData("""{"type":"thinking","thinking":"hm","signature":"c2ln"}""", "/signature", false)]
    [InlineData("""{"type":"redacted_thinking","data":"c2ln"}""", "/data", false)]
    [InlineData("""{"type":"document","source":{"type":"file","file_id":"file_1"}}""", "/source/file_id", true)]
    [InlineData("""{"type":"container_upload","file_id":"file_1"}""", "/file_id", true)]
    public void Anthropic_opaque_values_are_unknown_until_the_provider_issued_them(string block, string place, bool needed)
    {
        var json = $$"""{"model":"m","messages":[{"role":"assistant","content":[{{block}},{"type":"text","text":"x"}]}]}""";
        var prompt = Some.Messages(json);
        Blind(prompt, "/messages/0/content/0" + place, UninspectableReason.OpaqueUnknown);
        Assert.Equal(needed, prompt.Untranslatable is not null);

        var request = Some.Request("api.anthropic.com", "/v1/messages", System.Text.Encoding.UTF8.GetBytes(json));
        Assert.Equal(DecodeState.Complete, new RequestDecoder(new Issued("anthropic", "c2ln", "file_1")).Decode(request, request.Body, null).State);
        Assert.Equal(DecodeState.UninspectablePart, new RequestDecoder(new Issued("openai", "c2ln", "file_1")).Decode(request, request.Body, null).State);
    }

    [Theory]
    [InlineData("""{"model":"m","input":"x","previous_response_id":"resp_1"}""", "/previous_response_id")]
    [InlineData("""{"model":"m","input":"x","conversation":"conv_1"}""", "/conversation")]
    [InlineData("""{"model":"m","input":"x","conversation":{"id":"conv_1"}}""", "/conversation/id")]
    [InlineData("""{"model":"m","input":"x","prompt":{"id":"pmpt_1"}}""", "/prompt/id")]
    [InlineData("""{"model":"m","input":[{"type":"reasoning","summary":[],"encrypted_content":"gAAA"}]}""", "/input/0/encrypted_content")]
    [InlineData("""{"model":"m","input":[{"type":"compaction","encrypted_content":"gAAA"}]}""", "/input/0/encrypted_content")]
    [InlineData("""{"model":"m","input":[{"type":"item_reference","id":"msg_1"}]}""", "/input/0/id")]
    [InlineData("""{"model":"m","input":[{"role":"user","content":[{"type":"input_file","file_id":"file_1"}]}]}""", "/input/0/content/0/file_id")]
    [InlineData("""{"model":"m","input":"x","tools":[{"type":"code_interpreter","container":"cntr_1"}]}""", "/tools/0/container")]
    [InlineData("""{"model":"m","input":"x","tools":[{"type":"file_search","vector_store_ids":["vs_1"]}]}""", "/tools/0/vector_store_ids/0")]
    public void Responses_opaque_values_are_unknown_until_the_provider_issued_them(string json, string place) =>
        Blind(Some.Responses(json), place, UninspectableReason.OpaqueUnknown);

    [Fact]
    public void Empty_and_absent_opaque_values_are_nothing()
    {
        Assert.Equal(DecodeState.Complete, Some.Responses("""{"model":"m","input":"x","previous_response_id":null,"conversation":null}""").State);
        Assert.Equal(DecodeState.Complete, Some.Messages("""{"model":"m","container":null,"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":""}]}]}""").State);
    }

    [Fact]
    public void An_argument_of_a_tool_that_is_called_like_an_opaque_id_is_only_text() =>
        Assert.Equal(DecodeState.Complete, Some.Messages("""{"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{"file_id":"7"}}]}]}""").State);

    [Fact]
    public void An_opaque_value_behind_a_duplicate_key_is_not_overlooked() =>
        Blind(Some.Responses("""{"model":"m","input":"x","conversation":"conv_1","conversation":null}"""), "/conversation", UninspectableReason.OpaqueUnknown);

    [Fact]
    public void A_file_behind_a_duplicate_type_is_not_overlooked()
    {
        var prompt = Some.Messages($$$"""{"model":"m","messages":[{"role":"user","content":[{"type":"image","type":"text","text":"x","source":{"type":"base64","data":"{{{Bulk}}}"}}]}]}""");
        Assert.Equal(DecodeState.UninspectablePart, prompt.State);
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"hologram","words":"canary"}]}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"oracle","content":"canary"}]}""")]
    public void What_the_schema_does_not_explain_is_partial_and_still_text(string json)
    {
        foreach (var prompt in (Prompt[])[Some.Messages(json), Some.Chat(json), Some.Responses(json.Replace("messages", "input", StringComparison.Ordinal))])
        {
            Assert.Equal(DecodeState.Partial, prompt.State);
            Assert.NotNull(prompt.StateReason);
            Assert.True(prompt.HasText("canary"));
        }
    }

    [Fact]
    public void An_unknown_field_of_a_known_api_is_a_part()
    {
        var prompt = Some.Chat("""{"model":"m","messages":[],"brand_new":{"deep":["canary"]}}""");
        Assert.Equal(DecodeState.Complete, prompt.State);
        Is(prompt, "/brand_new/deep/0", "canary", PartRole.None, Provenance.Harness);
    }

    [Fact]
    public void A_known_api_whose_body_is_no_object_is_partial() => Assert.Equal(DecodeState.Partial, Some.Chat("""["a"]""").State);

    [Theory]
    [InlineData("X-Claude-Code-Session-Id")]
    [InlineData("session_id")]
    [InlineData("session-id")]
    [InlineData("x-session-id")]
    public void A_session_header_goes_before_the_body_s_key(string header) =>
        Assert.Equal("from-header", Some.Responses(Fixtures.Responses, (header, "from-header")).SessionKey);

    [Theory]
    [InlineData("user_abc_account__session_11-22", "11-22")]
    [InlineData("just-a-user", null)]
    [InlineData("{broken", null)]
    public void The_session_in_the_user_id_is_found(string userId, string? session) =>
        Assert.Equal(session, Some.Messages($$"""{"model":"m","metadata":{"user_id":"{{userId}}"},"messages":[]}""").SessionKey);

    private static Part Is(Prompt prompt, string pointer, string text, PartRole role, Provenance provenance)
    {
        var part = prompt.At(pointer);
        Assert.Equal((text, role, provenance), (part.Text, part.Role, part.Provenance));
        return part;
    }

    private static void Blind(Prompt prompt, string pointer, UninspectableReason reason)
    {
        Assert.Equal(DecodeState.UninspectablePart, prompt.State);
        var part = prompt.BlindAt(pointer);
        Assert.Equal(reason, part.Uninspectable);
        Assert.Equal("", part.Text);
    }

    private sealed class Issued(string provider, params string[] values) : IOpaqueLedger
    {
        public bool WasIssued(string provider1, string value) => provider1 == provider && values.Contains(value);
    }
}
