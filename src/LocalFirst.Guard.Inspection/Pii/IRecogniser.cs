namespace LocalFirst.Guard.Inspection.Pii;

/// <summary>Finds one type of personal data. Thread-safe, deterministic, linear in the text.</summary>
internal interface IRecogniser
{
    /// <summary>Adds what it finds.</summary>
    /// <param name="scan">The text with its digit groups.</param>
    /// <param name="hits">Where hits go, in rising order of <see cref="PiiHit.Start"/>.</param>
    void Recognise(PiiScan scan, List<PiiHit> hits);
}

/// <summary>A value found in the view that is scanned; spans count its UTF-16 code units.</summary>
internal readonly record struct PiiHit(string Rule, string Type, Tier Tier, int Start, int End, double Confidence)
{
    public int Length => End - Start;
}
