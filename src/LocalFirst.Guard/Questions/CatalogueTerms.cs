using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Questions;

/// <summary>The catalogue's terms and the administrator's inventory as the facts that answers are made with.</summary>
internal sealed class CatalogueTerms : ITermsFacts
{
    private readonly TermsCatalogue _terms;
    private readonly TermsResolver _resolver;
    private readonly Dictionary<string, string> _names;

    public CatalogueTerms(ProviderCatalogue providers, TermsCatalogue terms, IReadOnlyDictionary<string, IReadOnlyList<string>> plans)
    {
        _terms = terms;
        _resolver = new TermsResolver(terms, plans);
        _names = providers.Providers.ToDictionary(p => p.Id, p => p.Name, StringComparer.Ordinal);
    }

    public TermsFacts Find(string provider, string? reference)
    {
        var name = _names.GetValueOrDefault(provider, provider);
        if (reference is null)
        {
            return new TermsFacts
            {
                Provider = name,
                PlanBasis = _terms.Of(provider).Any() ? "The records name no terms: they were made by an earlier version, or at a host that no terms speak of." : "No terms of this provider have been looked up.",
            };
        }

        if (_terms.Find(reference.Split('@')[0]) is not { } row || !row.Providers.Contains(provider, StringComparer.Ordinal))
        {
            return new TermsFacts { Provider = name, PlanBasis = $"The records name the terms {reference}, which this version does not have." };
        }

        if (row.Reference != reference)
        {
            // What held then is not in this version: it is not replaced by what holds now.
            return new TermsFacts { Provider = name, Product = row.Product, Plan = row.Plan, PlanBasis = $"The records name the terms {reference}; this version has them as of {QuestionWords.Day(row.AsOf)} only." };
        }

        var (basis, evidence) = BasisOf(provider, row);
        return new TermsFacts
        {
            Provider = name,
            Product = row.Product,
            Plan = row.Plan,
            PlanBasis = basis,
            Trains = ProviderTerms.Word(row.Trains),
            Training = row.Training,
            RetentionDays = row.RetentionDays,
            Retention = row.Retention,
            Evidence = evidence,
            AsOf = row.AsOf,
            FreshUntil = row.FreshUntil,
            Sources = [.. row.Sources.Select(s => new TermsFactSource(s.Source, s.Kind, s.Date))],
        };
    }

    private (string Basis, string? Evidence) BasisOf(string provider, ProviderTerms row)
    {
        var possible = _resolver.Confusable(provider, row).Where(p => p != row).Select(p => p.Id).ToList();
        if (possible.Count == 0)
        {
            return (row.Recognised, row.Evidence);
        }

        var asserted = _resolver.Asserted(provider);
        if (asserted.Count == 1 && asserted[0] == row.Id)
        {
            return ($"The administrator's inventory says {row.Id}; the requests alone could also be {string.Join(", ", possible)}.", row.Evidence);
        }

        var inventory = asserted.Count == 0 ? "nothing" : string.Join(", ", asserted);
        return ($"Plan not known from the request: it could also be {string.Join(", ", possible)}, and the least favourable is shown. The administrator's inventory says {inventory}.", null);
    }
}
