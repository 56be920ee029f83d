using LocalFirst.Guard.Inspection;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection;

public sealed class CachedInspectorTests
{
    [Fact]
    public void A_text_seen_before_is_not_looked_at_again()
    {
        var inner = new CountingInspector();
        var cached = new CachedInspector(inner);

        var first = cached.Inspect(new InspectionText("a", Zone.Code, "user", "a.cs"));
        var second = cached.Inspect(new InspectionText("a", Zone.Code, "user", "a.cs", ConversationKey: "another conversation"));

        Assert.Same(first, second);
        Assert.Equal((1, 1L, 1L), (inner.Calls, cached.Hits, cached.Misses));
    }

    [Fact]
    public void Text_zone_role_path_and_generation_each_tell_texts_apart()
    {
        var inner = new CountingInspector();
        var generation = 0L;
        var cached = new CachedInspector(inner, () => generation);
        InspectionText[] texts =
        [
            new("ab"), new("a"), new("ab", Zone.Code), new("ab", Role: "b"), new("ab", Role: string.Empty), new("ab", PathHint: "b"), new("a", Role: "b"), new("b", Role: "a"),
            new("a", Role: "b", PathHint: "c"), new("a", Role: "bc"), new(string.Empty, Role: "ab"),
        ];

        foreach (var text in texts)
        {
            cached.Inspect(text);
        }

        generation++;
        cached.Inspect(texts[0]);

        Assert.Equal(texts.Length + 1, inner.Calls);
        Assert.Equal(0, cached.Hits);
    }

    [Fact]
    public void A_failure_is_never_kept()
    {
        var inner = new CountingInspector { Result = new InspectionResult([], "The detector failed.") };
        var cached = new CachedInspector(inner);

        cached.Inspect(new InspectionText("a"));
        cached.Inspect(new InspectionText("a"));

        Assert.Equal((2, 0), (inner.Calls, cached.Count));
    }

    [Fact]
    public void The_least_recently_used_entry_makes_room()
    {
        var inner = new CountingInspector();
        var cached = new CachedInspector(inner, bounds: new InspectionCacheBounds(Entries: 2));
        foreach (var text in new[] { "a", "b", "a", "c", "a", "b" })
        {
            cached.Inspect(new InspectionText(text));
        }

        Assert.Equal((4, 2L, 2), (inner.Calls, cached.Hits, cached.Count));
    }

    [Fact]
    public void Memory_is_bounded_by_what_findings_take()
    {
        var finding = new Finding("secrets", "rule", "API_KEY", Tier.Verified, 0, 1, 1);
        var inner = new CountingInspector { Result = new InspectionResult([.. Enumerable.Repeat(finding, 100)]) };
        var cached = new CachedInspector(inner, bounds: new InspectionCacheBounds(Bytes: 20_000));
        for (var number = 0; number < 50; number++)
        {
            cached.Inspect(new InspectionText($"text {number}"));
        }

        Assert.InRange(cached.Count, 1, 2);
    }

    [Fact]
    public void Many_threads_get_the_right_results()
    {
        var cached = new CachedInspector(new LengthInspector(), bounds: new InspectionCacheBounds(Entries: 20));

        Parallel.For(0, 4_000, number =>
        {
            var text = new string('x', number % 50);
            Assert.Equal(text.Length, cached.Inspect(new InspectionText(text)).Findings.Single().End);
        });

        Assert.Equal(4_000, cached.Hits + cached.Misses);
        Assert.InRange(cached.Count, 1, 20);
    }

    [Fact]
    public void Bounds_below_one_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CachedInspector(new LengthInspector(), bounds: new InspectionCacheBounds(Entries: 0)));

    private sealed class CountingInspector : IInspector
    {
        public int Calls { get; private set; }

        public InspectionResult Result { get; init; } = new([]);

        public InspectionResult Inspect(InspectionText text)
        {
            Calls++;
            return Result;
        }
    }

    private sealed class LengthInspector : IInspector
    {
        public InspectionResult Inspect(InspectionText text) => new([new Finding("secrets", "length", "LENGTH", Tier.Hint, 0, text.Text.Length, 1)]);
    }
}
