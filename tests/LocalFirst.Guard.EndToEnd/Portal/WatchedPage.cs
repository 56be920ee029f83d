using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace LocalFirst.Guard.EndToEnd.Portal;

/// <summary>A page whose every request, answer and complaint is kept.</summary>
internal sealed class WatchedPage
{
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentQueue<IResponse> _responses = new();
    private int _navigations;

    public WatchedPage(IPage page)
    {
        Page = page;
        page.SetDefaultTimeout((float)Bounded.Wait.TotalMilliseconds);
        page.Request += (_, request) => _requests.Enqueue(request.Url);
        page.Response += (_, response) => _responses.Enqueue(response);
        page.FrameNavigated += (_, _) => Interlocked.Increment(ref _navigations);
        page.PageError += (_, error) => _errors.Enqueue(error);
        page.Dialog += (_, dialog) => _errors.Enqueue($"a dialog opened: {dialog.Message}");
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _errors.Enqueue(message.Text);
            }
        };
    }

    public IPage Page { get; }

    /// <summary>Addresses of every request, assets included.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    public IReadOnlyList<IResponse> Responses => [.. _responses];

    /// <summary>Errors and warnings of the console, exceptions, dialogs.</summary>
    public IReadOnlyList<string> Errors => [.. _errors];

    /// <summary>How often the page went to another address or loaded anew.</summary>
    public int Navigations => Volatile.Read(ref _navigations);

    /// <summary>Keeps a picture for a person to look at, where <c>GUARD_SCREENSHOTS</c> names a folder.</summary>
    public async Task PictureAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("GUARD_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}.png"), FullPage = true });
        }
    }
}
