namespace LocalFirst.Guard.Inspection.Pii;

/// <summary>A run of ASCII digits that may belong to a number of a person: no part of an identifier, address, date, version or fraction.</summary>
/// <param name="Start">First code unit.</param>
/// <param name="End">One past the last code unit.</param>
internal readonly record struct DigitGroup(int Start, int End)
{
    public int Length => End - Start;
}
