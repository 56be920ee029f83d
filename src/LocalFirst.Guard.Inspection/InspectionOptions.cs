namespace LocalFirst.Guard.Inspection;

/// <summary>What an <see cref="Inspector"/> is made from.</summary>
public sealed record InspectionOptions
{
    /// <summary>Default of <see cref="BaseWorkUnits"/>: lets a short, dense text be read by every detector at every level.</summary>
    public const long DefaultBaseWorkUnits = 30_000_000;

    /// <summary>
    /// Default of <see cref="WorkUnitsPerCodeUnit"/>: ordinary text spends 2 to 6 units a code unit over all detectors, so that this is reached by
    /// text made to be slow only.
    /// </summary>
    public const int DefaultWorkUnitsPerCodeUnit = 60;

    /// <summary>File of the company's code fingerprints; null or absent when no code is indexed.</summary>
    public string? CodeIndexPath { get; init; }

    /// <summary>File of the key of those fingerprints; null only together with <see cref="CodeIndexPath"/>.</summary>
    public string? CodeKeyPath { get; init; }

    /// <summary>The clock: how often the code index is looked after.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Work units, ≥ 0, that every inspection has.</summary>
    public long BaseWorkUnits { get; init; } = DefaultBaseWorkUnits;

    /// <summary>Work units, ≥ 0, that each UTF-16 code unit of the text adds.</summary>
    public int WorkUnitsPerCodeUnit { get; init; } = DefaultWorkUnitsPerCodeUnit;
}
