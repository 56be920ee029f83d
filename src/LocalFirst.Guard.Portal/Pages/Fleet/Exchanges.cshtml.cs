using System.Globalization;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Portal.Access;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>The exchanges of all devices, newest first. What is looked for stands in the address, so that a view can be passed on.</summary>
[LetsIn(FleetRoles.AuditRead)]
internal sealed class ExchangesModel(IFleetStore store, TimeProvider time) : PageModel
{
    private static readonly Lazy<IReadOnlyList<string>> Catalogue = new(() =>
        [.. ProviderCatalogue.LoadBuiltIn().Providers.Select(p => p.Id).Order(StringComparer.Ordinal), PolicyWords.Unknown]);

    [BindProperty(SupportsGet = true)]
    public long? Before { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Device { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Person { get; set; }

    /// <summary>The decision; not called action, which is a word of the router's own.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Decision { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Provider { get; set; }

    public bool IsFiltered => !string.IsNullOrEmpty(Device) || !string.IsNullOrEmpty(Person) || !string.IsNullOrEmpty(Decision) || !string.IsNullOrEmpty(Provider);

    public IReadOnlyList<FleetExchange> Exchanges { get; private set; } = [];

    /// <summary>Where the next page begins; null on the last one.</summary>
    public long? Older { get; private set; }

    /// <summary>Whether the search stopped before the page was full.</summary>
    public bool IsCut { get; private set; }

    public IReadOnlyList<FleetDevice> Devices { get; private set; } = [];

    public IReadOnlyList<FleetPerson> People { get; private set; } = [];

    public static IReadOnlyList<string> Providers => Catalogue.Value;

    public DateTimeOffset Now => time.GetUtcNow();

    public async Task OnGetAsync(CancellationToken cancellation)
    {
        Devices = await store.ListDevicesAsync(cancellation);
        People = await store.ListPeopleAsync(cancellation);
        var page = await store.SearchExchangesAsync(new FleetExchangeFilter(Device, Person, Decision, Provider), IndexModel.PageSize, Before, cancellation);
        (Exchanges, Older, IsCut) = (page.Exchanges, page.Older, page.IsCut);
    }

    /// <summary>This view, further back.</summary>
    /// <param name="before">Running number.</param>
    public string Address(long before)
    {
        var query = new QueryBuilder();
        foreach (var (name, value) in new[] { ("device", Device), ("person", Person), ("decision", Decision), ("provider", Provider) })
        {
            if (!string.IsNullOrEmpty(value))
            {
                query.Add(name, value);
            }
        }

        query.Add("before", before.ToString(CultureInfo.InvariantCulture));
        return "/exchanges" + query.ToQueryString();
    }
}
