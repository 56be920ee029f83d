using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Protocols;
using LocalFirst.Guard.Routing;

namespace LocalFirst.Guard.Running;

/// <summary>Phases and money as a home asks for them.</summary>
internal static class Routes
{
    /// <summary>Composes them, and begins to take the month so far from the log.</summary>
    /// <param name="settings">Names the user's own price files.</param>
    /// <param name="clients">Tells how clients write their phases.</param>
    /// <param name="records">The device's own log.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="GuardException">A price file cannot be read.</exception>
    public static RouteStep Create(GuardSettings settings, ClientCatalogue clients, IRecordSource records, TimeProvider time)
    {
        var route = new RouteStep(new SessionRouter(clients, time), new BudgetLedger(time), PricesOf(settings));

        // Whoever needs it waits for it; a log that cannot be read is told there.
        _ = route.RestoreAsync(records, time.GetUtcNow(), CancellationToken.None);
        return route;
    }

    /// <summary>The prices that ship with the product, and the user's own before them.</summary>
    /// <exception cref="GuardException">A price file cannot be read.</exception>
    public static PriceCatalogue PricesOf(GuardSettings settings)
    {
        try
        {
            return PriceCatalogue.LoadBuiltIn([.. settings.Prices.Select(path => KeyValuePair.Create(path, File.ReadAllText(path)))]);
        }
        catch (CatalogueException e)
        {
            throw new GuardException(e.Message, "Mend that line; schemas/prices.schema.json says what a price file holds.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException($"guard.yaml, prices: a file cannot be read ({e.GetType().Name}): {string.Join(", ", settings.Prices.Where(p => !File.Exists(p)))}", "Check the path and that you may read it.");
        }
    }
}
