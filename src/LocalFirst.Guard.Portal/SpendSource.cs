using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Portal;

/// <summary>What the page on spending is made of.</summary>
/// <param name="Records">The records; null where the host has none to give.</param>
/// <param name="Prices">What models cost.</param>
/// <param name="BudgetUsd">The monthly budget in US dollars; null for none.</param>
internal sealed record SpendSource(IRecordSource? Records, PriceCatalogue Prices, Func<decimal?> BudgetUsd);
