using FsCheck.Xunit;
using LocalFirst.Guard.Exchanges;
using Xunit;

namespace LocalFirst.Guard.Tests.Exchanges;

public sealed class BodyBufferTests
{
    [Property(MaxTest = 200)]
    public void What_is_appended_in_pieces_is_read_as_a_whole(byte[][] pieces)
    {
        using var body = new BodyBufferPool().Rent();
        foreach (var piece in pieces)
        {
            body.Append(piece);
        }

        Assert.Equal(pieces.SelectMany(p => p), body.Bytes.ToArray());
    }

    [Fact]
    public void A_body_over_its_cap_is_refused()
    {
        using var body = new BodyBufferPool(maxBodyBytes: 10).Rent();
        body.Append(new byte[10]);

        Assert.False(Assert.Throws<BodyTooLargeException>(() => body.Append([1])).AllBodies);
    }

    [Fact]
    public void All_bodies_together_are_bounded_and_room_comes_back()
    {
        var pool = new BodyBufferPool(maxBodyBytes: 64 * 1024, maxAllBytes: 100 * 1024);
        var first = pool.Rent();
        first.Append(new byte[60 * 1024]);
        using (var second = pool.Rent())
        {
            Assert.True(Assert.Throws<BodyTooLargeException>(() => second.Append(new byte[60 * 1024])).AllBodies);
        }

        first.Dispose();
        using var third = pool.Rent();
        third.Append(new byte[60 * 1024]);
        Assert.Equal(60 * 1024, third.Length);
    }

    [Fact]
    public void The_memory_is_cleared_when_it_goes_back()
    {
        var body = new BodyBufferPool().Rent();
        body.Append("a secret"u8);
        var memory = body.Bytes;

        body.Dispose();

        Assert.All(memory.ToArray(), b => Assert.Equal(0, b));
        Assert.Throws<ObjectDisposedException>(() => body.Bytes);
    }

    [Fact]
    public void Ids_are_26_characters_and_sort_by_time()
    {
        var early = ExchangeId.New(DateTimeOffset.UnixEpoch.AddYears(50));
        var late = ExchangeId.New(DateTimeOffset.UnixEpoch.AddYears(50).AddMilliseconds(1));

        Assert.Equal(26, early.Length);
        Assert.True(string.CompareOrdinal(early, late) < 0);
    }
}
