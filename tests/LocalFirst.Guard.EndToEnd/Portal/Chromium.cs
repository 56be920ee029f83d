using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.Testing;
using Microsoft.Playwright;

namespace LocalFirst.Guard.EndToEnd.Portal;

/// <summary>The system's own Chromium, driven without a window. Nothing is downloaded: the driver is in the package, the browser on the machine.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private readonly IPlaywright _driver;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright driver, IBrowser browser)
    {
        _driver = driver;
        _browser = browser;
    }

    public static async Task<Chromium> StartAsync(params string[] more)
    {
        var program = NodeClients.Find("chromium");
        Tools.Require(program is not null, "chromium is not installed (.ci/prepare installs it).");
        var driver = await Playwright.CreateAsync().Within("the start of the browser's driver");
        try
        {
            var browser = await driver.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = program,
                Headless = true,
                // As root Chromium starts without its sandbox only; the rest keeps it from talking to anybody on its own.
                Args =
                [
                    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    .. more,
                ],
            }).Within("the start of Chromium", TimeSpan.FromSeconds(60));
            return new Chromium(driver, browser);
        }
        catch
        {
            driver.Dispose();
            throw;
        }
    }

    /// <summary>A browser that knows nothing of the others: no cookie, no cache.</summary>
    public async Task<WatchedPage> NewPageAsync() => new(await _browser.NewPageAsync(new BrowserNewPageOptions
    {
        ViewportSize = new ViewportSize { Width = 1280, Height = 800 },
    }));

    /// <summary>One that takes the throw-away certificates of a test's own servers; Chromium has no other way than the system's store.</summary>
    public Task<IPage> NewTrustingPageAsync() => _browser.NewPageAsync(new BrowserNewPageOptions
    {
        ViewportSize = new ViewportSize { Width = 1280, Height = 800 },
        IgnoreHTTPSErrors = true,
    });

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _driver.Dispose();
    }
}
