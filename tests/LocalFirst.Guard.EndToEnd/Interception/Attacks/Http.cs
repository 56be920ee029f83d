using System.Text;
using LocalFirst.Guard.EndToEnd.Samples;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>Pieces of HTTP/1.1 requests, written out so that a case shows its bytes.</summary>
internal static class Http
{
    /// <summary>A request without anything to keep.</summary>
    public const string Clean = """{"model":"gpt-5","messages":[{"role":"user","content":"hello"}]}""";

    public const string ChatLine = "POST /v1/chat/completions HTTP/1.1";

    /// <summary>What would have been hidden: a request of its own, with a secret in it.</summary>
    public static string Hidden => Post($"Content-Length: {SecretBody.Length}", SecretBody);

    public static byte[] Body => Encoding.ASCII.GetBytes(Clean);

    public static string SecretBody { get; } = $$"""{"model":"gpt-5","messages":[{"role":"user","content":"{{Some.GitHubToken()}}"}]}""";

    /// <summary>A POST of a chat request with the given header lines and bytes behind its head.</summary>
    public static string Post(string headers, string behind) =>
        $"{ChatLine}\r\nHost: api.openai.com\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{behind}";

    /// <summary>One whose length is what it says.</summary>
    public static string Whole(string headers = "X-Test: 1") => Post($"{headers}\r\nContent-Length: {Clean.Length}", Clean);

    /// <summary>The clean body in chunked form, with something behind the size of its first chunk.</summary>
    public static string Chunked(string behindSize = "", string trailers = "") =>
        Post("Transfer-Encoding: chunked", $"{Clean.Length:x}{behindSize}\r\n{Clean}\r\n0\r\n{trailers}\r\n");

    public static string Get(string target, string headers = "X-Test: 1") => $"GET {target} HTTP/1.1\r\nHost: api.openai.com\r\n{headers}\r\n\r\n";
}
