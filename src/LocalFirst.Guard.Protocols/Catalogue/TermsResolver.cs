namespace LocalFirst.Guard.Protocols;

/// <summary>How it is known that a request is under a row.</summary>
public enum TermsBasis
{
    /// <summary>Host, path and the shape of the credential leave one row.</summary>
    Request,

    /// <summary>The administrator's inventory says which of several it is: evidence E0.</summary>
    Inventory,

    /// <summary>Several rows are possible and nobody says which: the row is the least favourable of them.</summary>
    LeastFavourable,
}

/// <summary>The terms that a request is taken to be under.</summary>
/// <param name="Terms">The row.</param>
/// <param name="Basis">How it is known.</param>
/// <param name="Possible">Every row that it could be, this one among them.</param>
public sealed record ResolvedTerms(ProviderTerms Terms, TermsBasis Basis, IReadOnlyList<ProviderTerms> Possible);

/// <summary>
/// Which terms a request is under. A request seldom tells its plan: what it cannot tell is said by the administrator's inventory, and where that says
/// nothing the least favourable of the possible rows holds.
/// </summary>
public sealed class TermsResolver
{
    private readonly TermsCatalogue _catalogue;
    private readonly IReadOnlyDictionary<string, IReadOnlyList<string>> _plans;

    /// <summary>Creates it.</summary>
    /// <param name="catalogue">The rows.</param>
    /// <param name="plans">The inventory: provider id → ids of the rows that the company's requests to it are under.</param>
    public TermsResolver(TermsCatalogue catalogue, IReadOnlyDictionary<string, IReadOnlyList<string>> plans)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        ArgumentNullException.ThrowIfNull(plans);
        _catalogue = catalogue;
        _plans = plans;
    }

    /// <summary>The terms of a request, or null when no row speaks of its destination.</summary>
    /// <param name="request">The request. Only the beginning of its credential is looked at, and nothing of it is kept.</param>
    public ResolvedTerms? Resolve(WireRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Resolve(request.Provider.Id, request.Host, request.Path, CredentialOf(request));
    }

    /// <summary>The terms of a request, or null when no row speaks of its destination.</summary>
    /// <param name="provider">Id of the provider.</param>
    /// <param name="host">Destination host, lower case.</param>
    /// <param name="path">Path without query.</param>
    /// <param name="credential">The credential without its scheme; empty when there is none.</param>
    internal ResolvedTerms? Resolve(string provider, string host, string path, ReadOnlySpan<char> credential)
    {
        // 1  Where it goes.
        var possible = new List<ProviderTerms>();
        foreach (var row in _catalogue.Of(provider))
        {
            if ((row.Hosts.Count == 0 || row.Hosts.Contains(host, StringComparer.Ordinal))
                && (row.Paths.Count == 0 || row.Paths.Any(prefix => path.StartsWith(prefix, StringComparison.Ordinal))))
            {
                possible.Add(row);
            }
        }

        // 2  The shape of the credential excludes rows only when some row knows it: an unknown shape proves nothing.
        if (Known(possible, credential) is { } shape)
        {
            possible.RemoveAll(row => row.Credentials.Count > 0 && !row.Credentials.Contains(shape, StringComparer.Ordinal));
        }

        if (possible.Count == 0)
        {
            return null;
        }

        if (possible.Count == 1)
        {
            return new ResolvedTerms(possible[0], TermsBasis.Request, possible);
        }

        // 3  The inventory, as far as the request does not contradict it.
        var asserted = _plans.TryGetValue(provider, out var plans) ? possible.Where(row => plans.Contains(row.Id, StringComparer.Ordinal)).ToList() : [];
        return asserted.Count == 1
            ? new ResolvedTerms(asserted[0], TermsBasis.Inventory, possible)
            : new ResolvedTerms((asserted.Count > 0 ? asserted : possible).Aggregate(LessFavourable), TermsBasis.LeastFavourable, possible);
    }

    /// <summary>The rows that a record of this one may stand for, because a request does not always tell them apart; this one is among them.</summary>
    /// <param name="provider">Id of the provider.</param>
    /// <param name="row">The row of the record.</param>
    public IReadOnlyList<ProviderTerms> Confusable(string provider, ProviderTerms row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return [.. _catalogue.Of(provider).Where(other => ReferenceEquals(other, row)
            || (Overlap(row.Hosts, other.Hosts) && (Overlap(row.Credentials, other.Credentials) || ReferenceEquals(LessFavourable(row, other), row))))];
    }

    /// <summary>What the inventory says of a provider: ids of rows; empty when it says nothing.</summary>
    /// <param name="provider">Id of the provider.</param>
    public IReadOnlyList<string> Asserted(string provider) => _plans.GetValueOrDefault(provider) ?? [];

    private static bool Overlap(IReadOnlyList<string> a, IReadOnlyList<string> b) =>
        a.Count == 0 || b.Count == 0 || a.Any(item => b.Contains(item, StringComparer.Ordinal));

    /// <summary>The less favourable of two rows: training first, then retention, where no number is worse than any.</summary>
    private static ProviderTerms LessFavourable(ProviderTerms a, ProviderTerms b)
    {
        var order = a.Trains != b.Trains ? a.Trains.CompareTo(b.Trains) : (a.RetentionDays ?? int.MaxValue).CompareTo(b.RetentionDays ?? int.MaxValue);
        return order > 0 || (order == 0 && string.CompareOrdinal(a.Id, b.Id) <= 0) ? a : b;
    }

    private static string? Known(List<ProviderTerms> rows, ReadOnlySpan<char> credential)
    {
        string? longest = null;
        foreach (var row in rows)
        {
            foreach (var prefix in row.Credentials)
            {
                if (credential.StartsWith(prefix, StringComparison.Ordinal) && prefix.Length > (longest?.Length ?? 0))
                {
                    longest = prefix;
                }
            }
        }

        return longest;
    }

    /// <summary>
    /// The credential of the request, without its scheme (RFC 9110 §11.4); empty when there is none or more than one: which of them the provider looks at is not known
    /// here, and a second one must not make the terms look better.
    /// </summary>
    private static ReadOnlySpan<char> CredentialOf(WireRequest request)
    {
        string? only = null;
        foreach (var field in request.Headers)
        {
            if (request.Provider.CredentialHeaders.Contains(field.Name, StringComparer.OrdinalIgnoreCase))
            {
                if (only is not null)
                {
                    return default;
                }

                only = field.Value;
            }
        }

        var credential = only.AsSpan().Trim();
        return credential[(credential.LastIndexOf(' ') + 1)..];
    }
}
