using LocalFirst.Guard.Interception.Upstream;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

public sealed class ByteTrueTransformerTests
{
    [Fact]
    public async Task What_was_inspected_is_forwarded_and_not_what_the_context_holds_by_then()
    {
        var context = new DefaultHttpContext();
        context.Request.Headers["X-Late"] = "never inspected";

        using var request = await TransformAsync(context, new HeaderField("Accept", "a"), new HeaderField("accept", "b"), new HeaderField("Content-Type", "application/json"));

        Assert.Equal(["a", "b"], request.Headers.NonValidated["Accept"]);
        Assert.Equal("application/json", request.Content!.Headers.NonValidated["Content-Type"].ToString());
        Assert.False(request.Headers.Contains("X-Late"));
    }

    [Fact]
    public async Task Fields_of_the_connection_stay_behind()
    {
        using var request = await TransformAsync(
            new DefaultHttpContext(),
            new HeaderField("Connection", "keep-alive, X-Named"),
            new HeaderField("x-named", "1"),
            new HeaderField("Host", "elsewhere.test"),
            new HeaderField("Proxy-Authorization", "Basic eA=="),
            new HeaderField("X-Kept", "1"));

        Assert.Equal(["X-Kept"], request.Headers.Select(h => h.Key));
        Assert.Null(request.Headers.Host);
    }

    private static async Task<HttpRequestMessage> TransformAsync(HttpContext context, params HeaderField[] fields)
    {
        var request = new HttpRequestMessage { Content = new ByteArrayContent([]) };
        await new ByteTrueTransformer(new Uri("https://provider.test/base"), "/v1/%7Ex?q=%20", fields).TransformRequestAsync(context, request, "https://provider.test", CancellationToken.None);
        Assert.Equal("https://provider.test/base/v1/%7Ex?q=%20", request.RequestUri!.OriginalString);
        return request;
    }
}
