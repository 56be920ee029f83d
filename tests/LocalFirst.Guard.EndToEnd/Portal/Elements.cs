using Microsoft.Playwright;

namespace LocalFirst.Guard.EndToEnd.Portal;

/// <summary>Waits for what a person would wait for.</summary>
internal static class Elements
{
    /// <summary>Waits until exactly one such element is seen.</summary>
    public static Task SeenAsync(this ILocator element) =>
        Assertions.Expect(element).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = (float)Bounded.Wait.TotalMilliseconds });
}
