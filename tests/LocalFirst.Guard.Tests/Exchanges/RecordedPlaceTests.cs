using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Exchanges;

public sealed class RecordedPlaceTests
{
    [Theory]
    [InlineData("/messages/3/content/0/text", "/messages/3/content/0/text")]
    [InlineData("/systemInstruction/parts/0/text", "/systemInstruction/parts/0/text")]
    [InlineData("/messages#2/0/content", "/messages#2/0/content")]
    [InlineData("/metadata~name", "/metadata~name")]
    [InlineData("header:x-custom", "header:x-custom")]
    [InlineData("query", "query")]
    [InlineData("/metadata/4111111111111111/x", "/metadata/*/x")]
    [InlineData("/metadata/AKIA1234567890ABCDEF", "/metadata/*")]
    [InlineData("/metadata/alice@example.org~name", "/metadata/*~name")]
    [InlineData("header:x-key-AKIA1234567890", "header:*")]
    public void Only_field_names_and_indexes_are_kept(string pointer, string recorded) =>
        Assert.Equal(recorded, RecordedPlace.Of(new PartPlace(pointer)));

    [Fact]
    public void A_very_deep_place_is_cut()
    {
        var deep = string.Concat(Enumerable.Repeat("/content", 500));

        Assert.InRange(RecordedPlace.Of(new PartPlace(deep)).Length, 1, 200);
    }
}
