using Xunit;

namespace LocalFirst.Guard.EndToEnd;

/// <summary>Every combination of the given values.</summary>
internal static class MatrixData
{
    public static TheoryData<T1, T2> Of<T1, T2>(IEnumerable<T1> first, IEnumerable<T2> second) =>
        new(first.SelectMany(_ => second, (a, b) => (a, b)));

    public static TheoryData<T1, T2, T3> Of<T1, T2, T3>(IEnumerable<T1> first, IEnumerable<T2> second, IEnumerable<T3> third) =>
        new(first.SelectMany(_ => second, (a, b) => (a, b)).SelectMany(_ => third, (ab, c) => (ab.a, ab.b, c)));
}
