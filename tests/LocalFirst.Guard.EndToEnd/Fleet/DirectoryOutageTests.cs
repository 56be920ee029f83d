using System.Net;
using LocalFirst.Guard.EndToEnd.Provider;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>A directory that is away, untrusted, or another than configured: the server stays up and says so, and goes on when it is back.</summary>
public sealed class DirectoryOutageTests
{
    [Fact]
    public async Task A_directory_that_is_away_at_the_start_and_again_later()
    {
        await using var setup = new ServerSetup();
        await using var server = await setup.StartAsync();
        await AssertSaysAsync(server, "The directory cannot be reached");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await EnrolAsync(server, setup)).Status);

        await setup.StartDirectoryAsync();
        await AssertWellAsync(server);
        Assert.Equal(HttpStatusCode.BadRequest, (await EnrolAsync(server, setup)).Status);

        await setup.Directory.StopAsync();
        await Bounded.UntilAsync(async () => (await server.GetAsync("/readyz")).Body.Contains("directory: The directory cannot be reached", StringComparison.Ordinal), "that /readyz notices the outage");
        Assert.Equal("ok\n", (await server.GetAsync("/healthz")).Body);

        await setup.StartDirectoryAsync();
        await AssertWellAsync(server);
    }

    [Fact]
    public async Task A_directory_whose_certificate_is_not_trusted()
    {
        await using var setup = new ServerSetup();
        using var certificate = setup.Authority.Issue(ProviderCertificate.UntrustedRoot);
        await setup.Directory.StartAsync(certificate);
        await using var server = await setup.StartAsync();

        await AssertSaysAsync(server, "The directory&#x27;s certificate is not trusted");
    }

    [Fact]
    public async Task A_tenant_that_the_directory_does_not_know()
    {
        await using var setup = new ServerSetup();
        setup.Directory.Status = 404;
        await setup.StartDirectoryAsync();
        await using var server = await setup.StartAsync();

        await AssertSaysAsync(server, "The directory does not know this tenant");

        setup.Directory.Status = 200;
        await AssertWellAsync(server);
    }

    [Fact]
    public async Task A_directory_that_calls_itself_something_else()
    {
        await using var setup = new ServerSetup();
        setup.AzureAd.Remove("instance");
        setup.AzureAd.Remove("tenantId");
        setup.AzureAd["authority"] = setup.Directory.Issuer;
        setup.Directory.ClaimedIssuer = setup.Directory.Issuer + "/other";
        await setup.StartDirectoryAsync();
        await using var server = await setup.StartAsync();

        var (status, body, _) = await server.GetAsync("/readyz");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal("directory: The directory has another name.\n", body);
    }

    [Fact]
    public async Task A_storm_of_failed_sign_ins_leaves_a_bounded_trace()
    {
        await using var setup = new ServerSetup();
        await setup.StartDirectoryAsync();
        await using (var server = await setup.StartAsync())
        {
            for (var i = 0; i < 60; i++)
            {
                Assert.Equal(HttpStatusCode.Redirect, (await server.GetAsync($"/signin-oidc?error=access_denied&state=x{i}")).Status);
            }
        }

        // Twenty a minute; the storm may lie across the turn of one.
        var tail = await Broker.AuditTail.ReadAsync(setup.Home);
        Assert.InRange(tail.Count(r => r.Type == "event" && r.Text("name") == "portal-sign-in-failed"), 1, 2 * 20);
    }

    private static async Task AssertSaysAsync(ServerProcess server, string title)
    {
        var (status, body, _) = await server.GetAsync("/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("directory: " + WebUtility.HtmlDecode(title), body, StringComparison.Ordinal);

        foreach (var path in new[] { "/", "/account/sign-in" })
        {
            var (redirect, _, location) = await server.GetAsync(path);
            Assert.Equal(HttpStatusCode.Redirect, redirect);
            var page = await server.GetAsync(location!.ToString());
            Assert.Equal(HttpStatusCode.ServiceUnavailable, page.Status);
            Assert.Contains($"<h1>{title}</h1>", page.Body, StringComparison.Ordinal);
        }
    }

    private static async Task AssertWellAsync(ServerProcess server)
    {
        await Bounded.UntilAsync(async () => (await server.GetAsync("/readyz")).Body == "ready\n", "that /readyz notices that the directory is back");
        var (status, _, location) = await server.GetAsync("/");
        Assert.Equal(HttpStatusCode.Redirect, status);
        Assert.EndsWith("/authorize", location!.AbsolutePath, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Body)> EnrolAsync(ServerProcess server, ServerSetup setup)
    {
        using var client = server.NewClient();
        client.DefaultRequestHeaders.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", setup.Directory.Token("member"));
        using var content = new StringContent("""{"device":"x","name":"x","publicKey":"x","proof":"x"}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri("/api/devices", UriKind.Relative), content, Bounded.Test);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Bounded.Test));
    }
}
