using System.Net;
using System.Text.RegularExpressions;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Portal;
using LocalFirst.Guard.Tests.Audit.Questions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.Portal;

/// <summary>A portal on a free port over a log in memory, and a browser's part of the conversation.</summary>
internal sealed partial class PortalFixture : IAsyncDisposable
{
    private PortalFixture(PortalApp app, FakeAuditReader audit, FakeTimeProvider time) => (App, Audit, Time) = (app, audit, time);

    public PortalApp App { get; }

    public FakeAuditReader Audit { get; }

    public FakeTimeProvider Time { get; }

    public int Port => App.Url.Port;

    public static async Task<PortalFixture> StartAsync(IRecordSource? records = null, decimal? budget = null)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 9, 0, 0, TimeSpan.Zero));
        var audit = new FakeAuditReader();
        var app = PortalApp.Build(new PortalOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Audit = audit,
            Status = () => new PortalStatus("default", "1", "demo model", true, "own namespaces", true, "http://127.0.0.1:8899"),
            Time = time,
            Records = records,
            BudgetUsd = () => budget,
            Questions = records is QuestionRecords fake ? new TwoQuestions(fake, fake) : null,
            Reports = records is QuestionRecords ? new QuestionsPageTests.EchoDesk() : null,
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new PortalFixture(app, audit, time);
    }

    /// <summary>A browser without cookies on the host of a fresh link.</summary>
    public Browser Open() => new(this, App.MintLink());

    /// <summary>A browser that signed in.</summary>
    public async Task<Browser> SignInAsync()
    {
        var browser = Open();
        using var answer = await browser.SignInAsync();
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        return browser;
    }

    public ValueTask DisposeAsync() => App.DisposeAsync();

    /// <summary>Speaks to the portal as a browser does on one host.</summary>
    internal sealed partial class Browser(PortalFixture portal, Uri link) : IDisposable
    {
        // Names under .localhost are loopback by definition (RFC 6761), but not every resolver knows: the address is dialled, the name sent.
        private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri($"http://127.0.0.1:{portal.Port}") };

        public Dictionary<string, string> Cookies { get; } = [];

        public string Token { get; } = link.Fragment[1..];

        public string Host { get; set; } = link.Authority;

        public string? Origin { get; set; } = $"http://{link.Authority}";

        public string? FetchSite { get; set; } = "same-origin";

        public bool IsRefresh { get; set; }

        public Task<HttpResponseMessage> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

        public async Task<string> TextAsync(string path)
        {
            using var answer = await GetAsync(path);
            return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }

        public Task<HttpResponseMessage> PostAsync(string path, params (string Name, string Value)[] fields) =>
            SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))) });

        public async Task<string> FormTokenAsync(string path)
        {
            var match = FormToken().Match(await TextAsync(path));
            return match.Success ? match.Groups[1].Value : "";
        }

        public async Task<HttpResponseMessage> SignInAsync(string? token = null) =>
            await PostAsync("/sign-in", ("token", token ?? Token), ("__RequestVerificationToken", await FormTokenAsync("/sign-in")));

        public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
        {
            request.Headers.Host = Host;
            if (Cookies.Count > 0)
            {
                request.Headers.Add("Cookie", string.Join("; ", Cookies.Select(c => $"{c.Key}={c.Value}")));
            }

            if (FetchSite is not null)
            {
                request.Headers.Add("Sec-Fetch-Site", FetchSite);
            }

            if (Origin is not null && request.Method != HttpMethod.Get)
            {
                request.Headers.Add("Origin", Origin);
            }

            if (IsRefresh)
            {
                request.Headers.Add("X-Guard-Refresh", "1");
            }

            var answer = await _client.SendAsync(request, TestContext.Current.CancellationToken);
            foreach (var cookie in answer.Headers.TryGetValues("Set-Cookie", out var values) ? values : [])
            {
                var pair = cookie.Split(';')[0].Split('=', 2);
                Cookies[pair[0]] = pair[1];
            }

            return answer;
        }

        public void Dispose() => _client.Dispose();

        [GeneratedRegex("""name="__RequestVerificationToken"[^>]*value="([^"]+)""")]
        private static partial Regex FormToken();
    }
}
