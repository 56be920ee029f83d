namespace LocalFirst.Guard.Protocols;

/// <summary>Whether what is sent trains models by default. In this order: the later, the less favourable.</summary>
public enum TrainingUse
{
    /// <summary>It does not.</summary>
    No,

    /// <summary>No source answered. Never to be read as <see cref="No"/>.</summary>
    Unknown,

    /// <summary>It does, unless somebody switched it off.</summary>
    OptOut,

    /// <summary>It does, and there is no switch.</summary>
    Yes,
}

/// <summary>One row of <c>rules/providers/terms</c>: what a provider says, under one plan, it does with what is sent to it.</summary>
public sealed record ProviderTerms
{
    /// <summary>Days after which a row counts as stale: terms change within weeks.</summary>
    public const int FreshDays = 90;

    /// <summary>Stable id, for example <c>anthropic-api</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Whose terms they are.</summary>
    public required string Vendor { get; init; }

    /// <summary>The product.</summary>
    public required string Product { get; init; }

    /// <summary>The plan.</summary>
    public required string Plan { get; init; }

    /// <summary>The day on which it was looked up.</summary>
    public required DateOnly AsOf { get; init; }

    /// <summary>How a record names it: <c>&lt;id&gt;@&lt;date&gt;</c>.</summary>
    public string Reference => $"{Id}@{AsOf.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)}";

    /// <summary>The last day on which it is not stale.</summary>
    public DateOnly FreshUntil => AsOf.AddDays(FreshDays);

    /// <summary>Ids of the providers whose requests may be under it; empty where the catalogue has no host of it.</summary>
    public IReadOnlyList<string> Providers { get; init; } = [];

    /// <summary>Only at these hosts; empty for all of the providers'.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Only under these beginnings of the path; empty for all.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Only with a credential that begins so; empty for all.</summary>
    public IReadOnlyList<string> Credentials { get; init; } = [];

    /// <summary>How a request is told to be under it.</summary>
    public required string Recognised { get; init; }

    /// <summary>Whether what is sent trains models by default.</summary>
    public required TrainingUse Trains { get; init; }

    /// <summary>More on training; null when no source says more.</summary>
    public string? Training { get; init; }

    /// <summary>Most days for which it is kept by default; null where no source gives a number, which is never zero.</summary>
    public int? RetentionDays { get; init; }

    /// <summary>More on retention; null when no source says more.</summary>
    public string? Retention { get; init; }

    /// <summary>Whether and how zero retention can be had; null when it is not known.</summary>
    public string? ZeroRetention { get; init; }

    /// <summary>Where it is processed; null when it is not known.</summary>
    public string? Region { get; init; }

    /// <summary>What stands behind it for one request in this version: <c>E0</c>…<c>E5</c>.</summary>
    public required string Evidence { get; init; }

    /// <summary>What could give stronger evidence.</summary>
    public IReadOnlyList<TermsEvidence> Stronger { get; init; } = [];

    /// <summary>Where it was looked up.</summary>
    public required IReadOnlyList<TermsSource> Sources { get; init; }

    /// <summary>What no source answered.</summary>
    public IReadOnlyList<string> Unknown { get; init; } = [];

    /// <summary>The word of the terms files.</summary>
    /// <param name="use">The value.</param>
    public static string Word(TrainingUse use) => use switch
    {
        TrainingUse.No => "no",
        TrainingUse.OptOut => "opt-out",
        TrainingUse.Yes => "yes",
        _ => "unknown",
    };
}

/// <summary>A way to stronger evidence.</summary>
/// <param name="Level"><c>E1</c>…<c>E5</c>.</param>
/// <param name="By">How.</param>
public sealed record TermsEvidence(string Level, string By);

/// <summary>Where a row was looked up.</summary>
/// <param name="Source">Address or title.</param>
/// <param name="Kind"><c>primary</c> (the provider's own text), <c>secondary</c> (somebody else's) or <c>mirror</c> (a copy of the provider's).</param>
/// <param name="Date">Date of the source; null where it tells none.</param>
public sealed record TermsSource(string Source, string Kind, DateOnly? Date);
