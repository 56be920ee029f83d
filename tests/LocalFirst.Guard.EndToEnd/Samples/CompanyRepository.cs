using System.Security.Cryptography;

namespace LocalFirst.Guard.EndToEnd.Samples;

/// <summary>A small repository of the company, indexed by a broker's home.</summary>
internal sealed class CompanyRepository : IDisposable
{
    private readonly TestFolder _folder = new();

    public CompanyRepository()
    {
        var tag = RandomNumberGenerator.GetHexString(6, lowercase: true);
        Function = $$"""
            def settle_warehouse_ledger_{{tag}}(shipments, tariffs, closing_day):
                outstanding = {}
                for shipment in sorted(shipments, key=lambda s: s.dispatched_at):
                    tariff = tariffs.get((shipment.origin_depot, shipment.weight_class))
                    if tariff is None or shipment.dispatched_at > closing_day:
                        outstanding.setdefault(shipment.origin_depot, []).append(shipment.consignment_id)
                        continue
                    base_charge = tariff.rate_per_kilogram * max(shipment.gross_weight, tariff.minimum_weight)
                    surcharge = sum(fee.amount for fee in tariff.surcharges if fee.applies_to(shipment))
                    rebate = tariff.loyalty_rebate * base_charge if shipment.customer.years_active > 7 else 0
                    ledger_entry = LedgerEntry(
                        consignment=shipment.consignment_id,
                        depot=shipment.origin_depot,
                        net=round(base_charge + surcharge - rebate, 2),
                        reference=f"{closing_day:%Y%m}-{shipment.consignment_id}-{tariff.revision}",
                    )
                    shipment.customer.account.post(ledger_entry, overdraft_allowed=False)
                return outstanding

            """;
        Directory.CreateDirectory(_folder.File("billing"));
        File.WriteAllText(_folder.File("billing/ledger.py"), $"from billing.entries import LedgerEntry\n\n\n{Function}");
        File.WriteAllText(_folder.File("README.md"), "# Billing\n\nInternal.\n");
    }

    public string Path => _folder.Path;

    /// <summary>The text of one function of it.</summary>
    public string Function { get; }

    public void Dispose() => _folder.Dispose();
}
