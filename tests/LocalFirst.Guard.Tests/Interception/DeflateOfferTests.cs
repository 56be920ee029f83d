using LocalFirst.Guard.Interception.WebSockets;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

public sealed class DeflateOfferTests
{
    [Theory]
    [InlineData("permessage-deflate", true)]
    [InlineData("permessage-deflate; client_max_window_bits", true)]
    [InlineData("x-other, Permessage-Deflate; server_no_context_takeover", true)]
    [InlineData("x-permessage-deflate", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void It_is_offered_when_the_client_offers_it(string? extensions, bool offered) => Assert.Equal(offered, DeflateOffer.IsIn(extensions));

    [Fact]
    public void An_answer_without_extensions_compresses_nothing()
    {
        Assert.True(DeflateOffer.TryReadAnswer(null, out var options));
        Assert.Null(options);
    }

    [Fact]
    public void Every_parameter_of_an_answer_holds()
    {
        Assert.True(DeflateOffer.TryReadAnswer("permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=\"10\"", out var options));

        Assert.Equal((false, false, 12, 10), (options!.ServerContextTakeover, options.ClientContextTakeover, options.ServerMaxWindowBits, options.ClientMaxWindowBits));
    }

    [Theory]
    [InlineData("x-other")]
    [InlineData("permessage-deflate, x-other")]
    [InlineData("permessage-deflate; server_max_window_bits=8")]
    [InlineData("permessage-deflate; server_max_window_bits=16")]
    [InlineData("permessage-deflate; server_max_window_bits")]
    [InlineData("permessage-deflate; client_no_context_takeover=1")]
    [InlineData("permessage-deflate; surprise")]
    public void An_answer_that_was_not_offered_or_cannot_be_done_is_refused(string extensions) => Assert.False(DeflateOffer.TryReadAnswer(extensions, out _));
}
