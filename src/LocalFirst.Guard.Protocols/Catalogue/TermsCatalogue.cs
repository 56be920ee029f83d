namespace LocalFirst.Guard.Protocols;

/// <summary>All rows of <c>rules/providers/terms</c>.</summary>
public sealed class TermsCatalogue
{
    private readonly Dictionary<string, ProviderTerms> _byId = new(StringComparer.Ordinal);

    private TermsCatalogue(IReadOnlyList<ProviderTerms> rows) => Rows = rows;

    /// <summary>All rows, in the order of the files.</summary>
    public IReadOnlyList<ProviderTerms> Rows { get; }

    /// <summary>Reads the files that ship with the product.</summary>
    /// <exception cref="CatalogueException">A file is not valid.</exception>
    public static TermsCatalogue LoadBuiltIn() => Build(CatalogueFile.Embedded("rules/providers/terms/"));

    /// <summary>Reads files given as texts; what an update or a test brings.</summary>
    /// <param name="files">File name and YAML text.</param>
    /// <exception cref="CatalogueException">A file is not valid.</exception>
    public static TermsCatalogue Load(IEnumerable<KeyValuePair<string, string>> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return Build(files.Select(file => CatalogueFile.Parse(file.Key, file.Value)));
    }

    /// <summary>A row by its id, or null.</summary>
    /// <param name="id">The id.</param>
    public ProviderTerms? Find(string id) => _byId.GetValueOrDefault(id);

    /// <summary>The rows that a provider's requests may be under.</summary>
    /// <param name="provider">Id of the provider.</param>
    public IEnumerable<ProviderTerms> Of(string provider) => Rows.Where(row => row.Providers.Contains(provider, StringComparer.Ordinal));

    private static TermsCatalogue Build(IEnumerable<CatalogueFile> files)
    {
        var rows = new List<ProviderTerms>();
        var catalogue = new TermsCatalogue(rows);
        foreach (var file in files)
        {
            foreach (var row in TermsFile.Read(file))
            {
                if (!catalogue._byId.TryAdd(row.Id, row))
                {
                    throw file.Error(file.Root, $"the id '{row.Id}' is taken already.");
                }

                rows.Add(row);
            }
        }

        return catalogue;
    }
}
