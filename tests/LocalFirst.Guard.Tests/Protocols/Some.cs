using System.Text;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Protocols;

/// <summary>Tiny builders for requests.</summary>
internal static class Some
{
    public static readonly ProviderCatalogue Catalogue = ProviderCatalogue.LoadBuiltIn();

    private static readonly RequestDecoder Decoder = new();

    public static WireRequest Request(string host, string target, ReadOnlyMemory<byte> body, string method = "POST", params (string Name, string Value)[] headers) => new()
    {
        Provider = Catalogue.FindByHost(host)!,
        Host = host,
        Method = method,
        RawTarget = target,
        Headers = [.. headers.Select(header => new HeaderField(header.Name, header.Value))],
        Body = body,
    };

    public static Prompt Decode(WireRequest request) => Decoder.Decode(request, request.Body, contentFailure: null);

    public static Prompt Messages(string json, params (string Name, string Value)[] headers) =>
        Decode(Request("api.anthropic.com", "/v1/messages?beta=true", Encoding.UTF8.GetBytes(json), "POST", headers));

    public static Prompt Chat(string json, params (string Name, string Value)[] headers) =>
        Decode(Request("api.openai.com", "/v1/chat/completions", Encoding.UTF8.GetBytes(json), "POST", headers));

    public static Prompt Responses(string json, params (string Name, string Value)[] headers) =>
        Decode(Request("api.openai.com", "/v1/responses", Encoding.UTF8.GetBytes(json), "POST", headers));

    public static Prompt Generic(string json, params (string Name, string Value)[] headers) =>
        Generic(Encoding.UTF8.GetBytes(json), headers);

    public static Prompt Generic(byte[] body, params (string Name, string Value)[] headers) =>
        Decode(Request("api.openai.com", "/v1/somewhere", body, "POST", headers));

    public static Part At(this Prompt prompt, string pointer) =>
        Assert.Single(prompt.Parts, part => part.Place.Pointer == pointer && part.Uninspectable is null);

    public static Part BlindAt(this Prompt prompt, string pointer) =>
        Assert.Single(prompt.Parts, part => part.Place.Pointer == pointer && part.Uninspectable is not null);

    public static bool HasText(this Prompt prompt, string text) => prompt.Parts.Any(part => part.Text == text);
}
