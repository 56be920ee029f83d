using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Samples;
using Microsoft.Playwright;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Portal;

/// <summary>The portal in a real browser, from the link on a terminal to the page of an exchange.</summary>
[Collection<WithModel>]
public sealed partial class PortalTests(BrokerWithModel broker)
{
    /// <summary>What an agent that means harm would like the security engineer's browser to do.</summary>
    private const string Hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>";

    [Fact]
    public async Task A_link_signs_in_once_and_leaves_no_token_behind()
    {
        await using var browser = await Chromium.StartAsync();
        var link = await LinkAsync();
        var first = await browser.NewPageAsync();

        await SignInAsync(first, link);

        Assert.DoesNotContain(link.Fragment.TrimStart('#'), first.Page.Url, StringComparison.Ordinal);
        Assert.DoesNotContain(first.Requests, r => r.Contains(link.Fragment.TrimStart('#'), StringComparison.Ordinal));
        AssertNothingAmiss(first, link);

        var second = await browser.NewPageAsync();
        var refused = await second.Page.GotoAsync(link.AbsoluteUri);
        Assert.Equal(401, refused!.Status);
        await second.Page.GetByText("This link was used already").SeenAsync();
        Assert.Equal(401, (await second.Page.GotoAsync(new Uri(link, "/").AbsoluteUri))!.Status);
        await second.Page.GetByText("Signed out").SeenAsync();
        AssertSameOrigin(second, link);

        // The one who was first is still signed in.
        Assert.Equal(200, (await first.Page.ReloadAsync())!.Status);
    }

    [Fact]
    public async Task The_list_shows_what_passed_and_a_new_exchange_appears_by_itself()
    {
        await using var browser = await Chromium.StartAsync();
        var (clean, flagged) = (ModelName("clean"), ModelName("flagged"));
        await SendAsync(clean, Some.CleanPrompt());
        await SendAsync(flagged, broker.SensitivePrompt(Sensitive.Secret).Prompt);
        var link = await LinkAsync();
        var watched = await browser.NewPageAsync();

        await SignInAsync(watched, link);

        await Row(watched, clean).GetByText("to the cloud").SeenAsync();
        await Row(watched, flagged).GetByText("kept local").SeenAsync();

        var navigations = watched.Navigations;
        var later = ModelName("later");
        await SendAsync(later, Some.CleanPrompt());
        await Row(watched, later).GetByText("sent, 200").SeenAsync();
        Assert.Equal(navigations, watched.Navigations);
        await watched.PictureAsync("list");
        AssertNothingAmiss(watched, link);
    }

    [Fact]
    public async Task The_page_of_an_exchange_shows_type_and_place_and_never_the_secret_or_markup_of_the_client()
    {
        await using var browser = await Chromium.StartAsync();
        var (inMessage, inName, model) = (Some.GitHubToken(), Some.GitHubToken(), ModelName("flagged"));
        await SendAsync(model, $"{Hostile}\nexport GITHUB_TOKEN={inMessage}\n", Hostile, inName);
        await SendAsync(Hostile, Some.CleanPrompt());
        var link = await LinkAsync();
        var watched = await browser.NewPageAsync();
        var page = watched.Page;
        await SignInAsync(watched, link);
        await AssertHarmlessAsync(page, inMessage, inName);

        await Row(watched, model).GetByRole(AriaRole.Link).ClickAsync();

        await page.GetByRole(AriaRole.Heading, new() { NameRegex = WhatWasFound() }).SeenAsync();
        var findings = page.Locator("table.list tbody tr");
        await findings.Filter(new() { HasText = "/messages/0/content" }).GetByText("API_KEY", new() { Exact = true }).SeenAsync();
        // A property's name is the client's own text, so its place tells where it stood and not how it was called.
        await findings.Filter(new() { HasText = "/metadata/*" }).SeenAsync();
        await page.GetByText("answered here").SeenAsync();
        await page.GetByText("nothing", new() { Exact = true }).SeenAsync();
        await AssertHarmlessAsync(page, inMessage, inName);
        await watched.PictureAsync("exchange");
        AssertNothingAmiss(watched, link);
    }

    [Fact]
    public async Task The_log_page_says_that_the_log_is_intact()
    {
        await using var browser = await Chromium.StartAsync();
        await SendAsync(ModelName("clean"), Some.CleanPrompt());
        var link = await LinkAsync();
        var watched = await browser.NewPageAsync();
        await SignInAsync(watched, link);

        await watched.Page.GetByRole(AriaRole.Link, new() { Name = "Log integrity" }).ClickAsync();

        await watched.Page.GetByRole(AriaRole.Heading, new() { Name = "Intact", Exact = true }).SeenAsync();
        await watched.PictureAsync("log");
        AssertNothingAmiss(watched, link);

        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await watched.Page.GetByText("Signed out").SeenAsync();
        Assert.Equal(401, (await watched.Page.GotoAsync(new Uri(link, "/log").AbsoluteUri))!.Status);
    }

    private static string ModelName(string kind) => $"{kind}-{RandomNumberGenerator.GetHexString(10, lowercase: true)}";

    private static ILocator Row(WatchedPage watched, string model) => watched.Page.Locator("table.list tbody tr").Filter(new() { HasText = model });

    private static async Task SignInAsync(WatchedPage watched, Uri link)
    {
        await watched.Page.GotoAsync(link.AbsoluteUri);
        await watched.Page.GetByRole(AriaRole.Heading, new() { Name = "Exchanges" }).SeenAsync();
    }

    /// <summary>Neither what was found nor the client's markup is anywhere in the page, not even as text or attribute.</summary>
    private static async Task AssertHarmlessAsync(IPage page, params string[] secrets)
    {
        var content = await page.ContentAsync();
        foreach (var secret in secrets)
        {
            Assert.DoesNotContain(secret[4..], content, StringComparison.OrdinalIgnoreCase);
        }

        Assert.DoesNotContain("onerror", content, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("alert(", content, StringComparison.Ordinal);
    }

    private static void AssertNothingAmiss(WatchedPage watched, Uri link)
    {
        Assert.Empty(watched.Errors);
        AssertSameOrigin(watched, link);
        Assert.All(watched.Responses, r => Assert.Contains("default-src 'none'", r.Headers["content-security-policy"], StringComparison.Ordinal));
    }

    private static void AssertSameOrigin(WatchedPage watched, Uri link)
    {
        Assert.NotEmpty(watched.Requests);
        Assert.All(watched.Requests, r => Assert.Equal(link.GetLeftPart(UriPartial.Authority), new Uri(r).GetLeftPart(UriPartial.Authority)));
    }

    /// <summary>What a person sees after <c>guard portal</c>; .NET writes escape sequences of its own before the first line.</summary>
    private async Task<Uri> LinkAsync()
    {
        var result = await Terminal.RunAsync(broker.Home, "portal");
        Assert.True(result.ExitCode == 0, result.Everything);
        var link = Link().Match(result.Out);
        Assert.True(link.Success, "guard portal printed no link on a terminal.");
        return new Uri(link.Value);
    }

    /// <summary>A chat request to the broker's own address; what is hostile stands in every place that a client fills freely.</summary>
    private async Task SendAsync(string model, string prompt, string? hostile = null, string? secretUnderHostileName = null)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
        {
            ["model"] = model,
            ["messages"] = new[] { new { role = "user", content = prompt } },
            ["metadata"] = new Dictionary<string, string> { [hostile ?? "purpose"] = secretUnderHostileName ?? "a test" },
        });
        await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);

        var response = await connection.RequestAsync(
            "POST",
            "/openai/v1/chat/completions",
            broker.Guard.Proxy.Authority,
            ["Content-Type: application/json", $"User-Agent: {hostile ?? "a-test/1.0"}", $"X-Client: {hostile ?? "test"}"],
            body);

        Assert.True(response.Status == 200, $"{Encoding.UTF8.GetString(body)} got {response}");
    }

    [GeneratedRegex(@"http://\S+\.localhost:\d+/\S*#\w+")]
    private static partial Regex Link();

    [GeneratedRegex("^What was found")]
    private static partial Regex WhatWasFound();
}
