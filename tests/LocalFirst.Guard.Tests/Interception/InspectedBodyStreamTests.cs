using LocalFirst.Guard.Interception.Upstream;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

public sealed class InspectedBodyStreamTests
{
    [Fact]
    public async Task It_gives_the_whole_body_and_counts_it()
    {
        using var stream = new InspectedBodyStream("0123456789"u8.ToArray());
        using var copy = new MemoryStream();

        await stream.CopyToAsync(copy, 3, TestContext.Current.CancellationToken);

        Assert.Equal("0123456789"u8.ToArray(), copy.ToArray());
        Assert.Equal(10, stream.BytesRead);
    }

    [Fact]
    public async Task After_the_exchange_no_read_sees_the_memory_that_now_belongs_to_another_request()
    {
        var pooled = "0123456789"u8.ToArray();
        using var stream = new InspectedBodyStream(pooled);
        var buffer = new byte[4];
        await stream.ReadExactlyAsync(buffer, TestContext.Current.CancellationToken);

        stream.Detach();
        "secret of another"u8[..10].CopyTo(pooled);

        await Assert.ThrowsAsync<IOException>(async () => await stream.ReadExactlyAsync(buffer, TestContext.Current.CancellationToken));
        Assert.Equal("0123"u8.ToArray(), buffer);
        Assert.Equal(4, stream.BytesRead);
    }
}
