using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Tests.Audit;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace LocalFirst.Guard.Tests.Portal.Server;

/// <summary>Every endpoint of the server × everybody who might ask. An endpoint that is not in the table fails the test.</summary>
public sealed class AccessMatrixTests(FleetPortalFixture fixture) : IClassFixture<FleetPortalFixture>
{
    /// <summary>Who asks, in the order of the table's columns. No roles at all: a person whom nobody has assigned any.</summary>
    private static readonly (string Name, string[]? Roles)[] Columns =
    [
        ("anonymous", null),
        ("no role", []),
        ("Audit.Read", [FleetRoles.AuditRead]),
        ("Policy.Write", [FleetRoles.PolicyWrite]),
        ("Report.Export", [FleetRoles.ReportExport]),
        ("Agent.Upload", [FleetRoles.AgentUpload]),
        ("all", [.. FleetRoles.All]),
    ];

    /// <summary>
    /// Statuses by column: with the session cookie, then with an access token. 302 leads a person to the directory, 401 tells a program or the sender of a
    /// form; 405, 400 and 422 come from behind the check. Without a second string, an access token is nothing to this endpoint: as if it were not there.
    /// </summary>
    private static readonly (string Method, string Pattern, string Path, string Cookie, string? Bearer)[] Table =
    [
        //                                              anon none read writ expo upld all
        ("GET", "/", "/", "302 403 200 200 403 403 200", null),
        ("POST", "/", "/", "401 403 405 405 403 403 405", null),
        ("GET", "/devices/{id}", "/devices/{device}", "302 403 200 200 403 403 200", null),
        ("POST", "/devices/{id}", "/devices/{device}", "401 403 405 405 403 403 405", null),
        ("GET", "/devices/{id}/revoke", "/devices/{device}/revoke", "302 403 403 200 403 403 200", null),
        ("POST", "/devices/{id}/revoke", "/devices/{spare}/revoke", "401 403 403 302 403 403 302", null),
        ("GET", "/people", "/people", "302 403 200 200 403 403 200", null),
        ("POST", "/people", "/people", "401 403 405 405 403 403 405", null),
        ("GET", "/explain", "/explain?groups=g", "302 403 200 200 403 403 200", null),
        ("POST", "/explain", "/explain", "401 403 405 405 403 403 405", null),
        ("GET", "/policies", "/policies", "302 403 200 200 403 403 200", null),
        ("POST", "/policies", "/policies", "401 403 405 405 403 403 405", null),
        ("GET", "/policies/{name}", "/policies/default", "302 403 200 200 403 403 200", null),
        ("POST", "/policies/{name}", "/policies/default", "401 403 405 405 403 403 405", null),
        ("GET", "/policies/{name}/edit", "/policies/ours/edit", "302 403 403 200 403 403 200", null),
        ("POST", "/policies/{name}/edit", "/policies/ours/edit", "401 403 403 422 403 403 422", null),
        ("GET", "/new-policy", "/new-policy", "302 403 403 200 403 403 200", null),
        ("POST", "/new-policy", "/new-policy", "401 403 403 422 403 403 422", null),
        ("GET", "/assignments", "/assignments", "302 403 200 200 403 403 200", null),
        ("POST", "/assignments", "/assignments", "401 403 405 405 403 403 405", null),
        ("GET", "/assignments/edit", "/assignments/edit", "302 403 403 200 403 403 200", null),
        ("POST", "/assignments/edit", "/assignments/edit?as=text", "401 403 403 422 403 403 422", null),
        ("GET", "/exchanges", "/exchanges", "302 403 200 403 403 403 200", null),
        ("POST", "/exchanges", "/exchanges", "401 403 405 403 403 403 405", null),
        ("GET", "/exchanges/{device}/{id}", "/exchanges/{device}/X0000", "302 403 200 403 403 403 200", null),
        ("POST", "/exchanges/{device}/{id}", "/exchanges/{device}/X0000", "401 403 405 403 403 403 405", null),
        ("GET", "/logs", "/logs", "302 403 200 403 403 403 200", null),
        ("POST", "/logs", "/logs", "401 403 405 403 403 403 405", null),
        ("GET", "/logs/{device}/{epoch:long}", "/logs/{device}/1?leaf=0", "302 403 200 403 403 403 200", null),
        ("POST", "/logs/{device}/{epoch:long}", "/logs/{device}/1", "401 403 405 403 403 403 405", null),
        ("GET", "/logs/{device}/{epoch:long}/checkpoint", "/logs/{device}/1/checkpoint", "302 403 200 403 403 403 200", null),
        ("POST", "/logs/{device}/{epoch:long}/checkpoint", "/logs/{device}/1/checkpoint", "401 403 405 403 403 403 405", null),
        ("GET", "/spend", "/spend", "302 403 200 403 403 403 200", null),
        ("POST", "/spend", "/spend", "401 403 405 403 403 403 405", null),
        ("GET", "/questions", "/questions", "302 403 200 403 403 403 200", null),
        ("POST", "/questions", "/questions", "401 403 405 403 403 403 405", null),
        ("GET", "/reports", "/reports", "302 403 403 403 200 403 200", null),
        ("POST", "/reports", "/reports", "401 403 403 403 422 403 422", null),
        ("GET", "/server-log", "/server-log", "302 403 200 403 403 403 200", null),
        ("POST", "/server-log", "/server-log", "401 403 405 403 403 403 405", null),

        // Ways in and out, and what they are made of.
        ("GET", "/account/sign-in", "/account/sign-in", "302 302 302 302 302 302 302", null),
        ("GET", "/account/denied", "/account/denied", "403 403 403 403 403 403 403", null),
        ("GET", "/account/problem/{code}", "/account/problem/clock", "401 401 401 401 401 401 401", null),
        ("GET", "/account/signed-out", "/account/signed-out", "200 200 200 200 200 200 200", null),
        ("POST", "/account/sign-out", "/account/sign-out", "401 302 302 302 302 302 302", null),
        ("GET", "/assets/portal.css", "/assets/portal.css", "200 200 200 200 200 200 200", null),
        ("GET", "/assets/portal.js", "/assets/portal.js", "200 200 200 200 200 200 200", null),
        ("GET", "/assets/mark.svg", "/assets/mark.svg", "200 200 200 200 200 200 200", null),

        // For programs: a session cookie is nothing to them.
        ("GET", "/healthz", "/healthz", "200 200 200 200 200 200 200", null),
        ("GET", "/readyz", "/readyz", "200 200 200 200 200 200 200", null),
        ("GET", "/.well-known/localfirst-guard", "/.well-known/localfirst-guard", "200 200 200 200 200 200 200", null),
        ("POST", "/api/devices", "/api/devices", "401 401 401 401 401 401 401", "401 401 403 403 403 400 400"),
        ("GET", "/api/policy", "/api/policy", "401 401 401 401 401 401 401", null),
        ("POST", "/api/log/add-checkpoint", "/api/log/add-checkpoint", "401 401 401 401 401 401 401", null),
        ("POST", "/api/log/add-entries", "/api/log/add-entries", "401 401 401 401 401 401 401", null),
    ];

    private FleetPortal Portal => fixture.Portal;

    [Fact]
    public void Every_endpoint_is_in_the_table_and_nothing_else_is()
    {
        var served = Portal.Endpoints.SelectMany(e => Methods(e).Select(m => $"{m} {Pattern(e)}")).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        var expected = Table.Select(r => $"{r.Method} {r.Pattern}").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

        Assert.Equal(expected, served);
    }

    [Fact]
    public async Task Everybody_gets_what_their_roles_allow_and_nothing_more()
    {
        var (device, spare) = await FillAsync();
        var wrong = new StringBuilder();
        var cells = 0;
        foreach (var row in Table)
        {
            var path = row.Path.Replace("{device}", device, StringComparison.Ordinal).Replace("{spare}", spare, StringComparison.Ordinal);
            var cookie = row.Cookie.Split(' ');
            var bearer = row.Bearer?.Split(' ') ?? [.. Columns.Select(_ => cookie[0])];
            Assert.Equal(Columns.Length, cookie.Length);
            Assert.Equal(Columns.Length, bearer.Length);
            for (var i = 0; i < Columns.Length; i++)
            {
                await CheckAsync(row.Method, path, $"{Columns[i].Name} by cookie", cookie[i], Columns[i].Roles is { } roles ? Portal.SignedIn(roles) : Portal.Anonymous());
                await CheckAsync(row.Method, path, $"{Columns[i].Name} by token", bearer[i], Columns[i].Roles is { } tokenRoles ? Portal.WithToken(tokenRoles) : Portal.Anonymous());
            }
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
        Assert.Equal(Table.Length * Columns.Length * 2, cells);

        async Task CheckAsync(string method, string path, string who, string expected, FleetPortal.Browser browser)
        {
            using (browser)
            {
                var page = method == "GET" ? await browser.GetAsync(path)
                    : path.StartsWith("/api/", StringComparison.Ordinal) ? await browser.SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(new { }) })
                    : await browser.PostAsync(path);
                cells++;
                if (page.Status.ToString(CultureInfo.InvariantCulture) != expected)
                {
                    wrong.AppendLine(CultureInfo.InvariantCulture, $"{method} {path}, {who}: {page.Status} instead of {expected}");
                }

                if (page.Status == 302 && expected == "302" && who.StartsWith("anonymous", StringComparison.Ordinal) && page.Location?.StartsWith("https://directory.test/authorize?", StringComparison.Ordinal) != true)
                {
                    wrong.AppendLine(CultureInfo.InvariantCulture, $"{method} {path}, {who}: leads to {page.Location}");
                }
            }
        }
    }

    [Fact]
    public async Task A_form_without_its_token_changes_nothing_whatever_the_roles()
    {
        var (device, _) = await FillAsync();
        foreach (var path in new[] { $"/devices/{device}/revoke", "/new-policy", "/policies/ours/edit", "/assignments/edit", "/account/sign-out" })
        {
            using var browser = Portal.SignedIn([.. FleetRoles.All]);
            var page = await browser.SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent([]) });

            Assert.Equal(400, page.Status);
        }

        Assert.Null((await Portal.Store.FindDeviceAsync(device, TestContext.Current.CancellationToken))!.Revoked);
    }

    [Fact]
    public async Task An_address_that_does_not_exist_tells_a_stranger_nothing()
    {
        using var stranger = Portal.Anonymous();
        using var reader = Portal.SignedIn(FleetRoles.AuditRead);

        Assert.Equal(302, (await stranger.GetAsync("/nothing")).Status);
        Assert.Equal(401, (await stranger.GetAsync("/api/nothing")).Status);
        Assert.Equal(404, (await reader.GetAsync("/nothing")).Status);

        // The laptop's own pages have no address here.
        Assert.Equal(404, (await reader.GetAsync("/log")).Status);
        Assert.Equal(404, (await reader.GetAsync("/sign-in")).Status);
    }

    [Theory]
    [InlineData("/exchanges", FleetRoles.PolicyWrite, "the role Audit.Read.")]
    [InlineData("/new-policy", FleetRoles.AuditRead, "the role Policy.Write.")]
    [InlineData("/policies", FleetRoles.AgentUpload, "the role Audit.Read or Policy.Write.")]
    public async Task The_denied_page_names_the_missing_role_and_the_way_out(string path, string role, string expected)
    {
        using var browser = Portal.SignedIn(role);
        var page = await browser.GetAsync(path);

        Assert.Equal(403, page.Status);
        Assert.Contains(expected, page.Text, StringComparison.Ordinal);
        Assert.Contains("grace@example.test", page.Text, StringComparison.Ordinal);
        Assert.Equal("/account/signed-out", (await browser.PostAsync("/account/sign-out")).Location);
    }

    [Fact]
    public async Task A_form_that_outlived_its_session_says_so_and_loses_nothing()
    {
        using var browser = Portal.Anonymous();
        var page = await browser.PostAsync("/new-policy", ("Text", "name: x"));

        Assert.Equal(401, page.Status);
        Assert.Contains("what you typed is still in it", page.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/policies", "/policies")]
    [InlineData("/exchanges?device=1&before=2", "/exchanges?device=1&before=2")]
    [InlineData("//evil.example/", "/")]
    [InlineData("/\\evil.example/", "/")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("/\t/evil.example", "/")]
    [InlineData("policies", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void Sign_in_leads_back_to_this_server_alone(string? asked, string expected) =>
        Assert.Equal(expected, LocalFirst.Guard.Portal.Access.LocalAddress.OrStart(asked));

    private async Task<(string Device, string Spare)> FillAsync()
    {
        var stop = TestContext.Current.CancellationToken;
        using var log = new TempLog();
        await log.WriteExchangesAsync(2);
        var device = await Portal.ReceiveAsync(log);
        using var other = new TempLog();
        var spare = await Portal.ReceiveAsync(other, "spare");
        if (await Portal.Store.FindDocumentAsync(FleetDocument.PolicyKind, "ours", stop) is null)
        {
            await Portal.Store.AddDocumentAsync(new FleetDocument(FleetDocument.PolicyKind, "ours", 1, "name: ours\nversion: \"1\"\nrules: []\n", new string('0', 64), "grace", Some.Time), stop);
        }

        return (device, spare);
    }

    private static string Pattern(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.TrimStart('/');

    // A Razor page takes whatever comes; what it has no handler for, it refuses.
    private static IReadOnlyList<string> Methods(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"];
}
