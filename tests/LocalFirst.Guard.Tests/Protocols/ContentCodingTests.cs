using System.IO.Compression;
using System.Text;
using FsCheck.Xunit;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Protocols;

public sealed class ContentCodingTests
{
    private static readonly byte[] Sample = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"model\":\"m\",\"n\":[1,2,3]} ", 500)));

    public static TheoryData<string> Codings => ["gzip", "x-gzip", "deflate", "raw-deflate", "br", "zstd"];

    [Theory]
    [MemberData(nameof(Codings))]
    public void Each_coding_is_undone(string coding)
    {
        using var body = ContentCoding.Decode(Header(coding), Encode(coding, Sample));
        Assert.Null(body.Failure);
        Assert.Equal(Sample, body.Bytes.ToArray());
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void A_body_cut_off_anywhere_is_corrupt(string coding)
    {
        var whole = Encode(coding, Sample);
        for (var length = 0; length < whole.Length; length++)
        {
            using var body = ContentCoding.Decode(Header(coding), whole.AsMemory(0, length));
            Assert.Equal(ContentFailure.Corrupt, body.Kind);
            Assert.True(body.Bytes.IsEmpty);
        }
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Bytes_after_the_end_are_corrupt(string coding)
    {
        foreach (var tail in (byte[][])[[0], "AKIA hidden behind the end"u8.ToArray(), Encode(coding, Sample)])
        {
            using var body = ContentCoding.Decode(Header(coding), Encode(coding, Sample).Concat(tail).ToArray());
            Assert.Equal(ContentFailure.Corrupt, body.Kind);
        }
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void A_bomb_stops_at_the_cap(string coding)
    {
        // 1 GB of zeros; the cap is what bounds the work, so a small one proves it as well as the default one.
        var bomb = Bomb(coding, 1 << 30);
        using var body = ContentCoding.Decode(Header(coding), bomb, maxBytes: 4 * 1024 * 1024);
        Assert.Equal(ContentFailure.TooLarge, body.Kind);
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Output_of_exactly_the_cap_is_allowed_and_one_more_is_not(string coding)
    {
        using var exact = ContentCoding.Decode(Header(coding), Encode(coding, new byte[100_000]), maxBytes: 100_000);
        Assert.Null(exact.Failure);
        Assert.Equal(100_000, exact.Bytes.Length);
        using var more = ContentCoding.Decode(Header(coding), Encode(coding, new byte[100_001]), maxBytes: 100_000);
        Assert.Equal(ContentFailure.TooLarge, more.Kind);
    }

    [Fact]
    public void Stacked_codings_come_off_in_reverse_order()
    {
        using var body = ContentCoding.Decode("gzip, br, identity, zstd", Encode("zstd", Encode("br", Encode("gzip", Sample))));
        Assert.Null(body.Failure);
        Assert.Equal(Sample, body.Bytes.ToArray());
    }

    [Theory]
    [InlineData("compress")]
    [InlineData("gzip, gzip, gzip, gzip")]
    [InlineData("aws-chunked")]
    public void An_unknown_or_fourth_coding_is_refused(string header)
    {
        using var body = ContentCoding.Decode(header, Sample);
        Assert.Equal(ContentFailure.UnknownCoding, body.Kind);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("identity")]
    [InlineData("Identity , identity")]
    public void Without_a_coding_the_body_is_the_caller_s_own(string? header)
    {
        using var body = ContentCoding.Decode(header, Sample);
        Assert.Null(body.Failure);
        Assert.True(body.Bytes.Equals(Sample.AsMemory()));
    }

    [Fact]
    public void A_file_name_in_the_gzip_header_is_corrupt()
    {
        var gzip = Encode("gzip", Sample);
        byte[] named = [.. gzip[..3], 0x08, .. gzip[4..10], .. "secret.txt\0"u8, .. gzip[10..]];
        using var body = ContentCoding.Decode("gzip", named);
        Assert.Equal(ContentFailure.Corrupt, body.Kind);
    }

    [Fact]
    public void A_wrong_checksum_is_corrupt()
    {
        foreach (var coding in (string[])["gzip", "deflate"])
        {
            var bytes = Encode(coding, Sample);
            bytes[coding == "gzip" ? ^6 : ^1] ^= 1;
            using var body = ContentCoding.Decode(coding, bytes);
            Assert.Equal(ContentFailure.Corrupt, body.Kind);
        }
    }

    [Fact]
    public void A_skippable_zstd_frame_is_corrupt()
    {
        byte[] frame = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, (byte)'t', (byte)'e', (byte)'x', (byte)'t'];
        using var before = ContentCoding.Decode("zstd", frame.Concat(Encode("zstd", Sample)).ToArray());
        using var after = ContentCoding.Decode("zstd", Encode("zstd", Sample).Concat(frame).ToArray());
        Assert.Equal(ContentFailure.Corrupt, before.Kind);
        Assert.Equal(ContentFailure.Corrupt, after.Kind);
    }

    [Fact]
    public void The_buffer_is_cleared_when_it_goes_back()
    {
        var body = ContentCoding.Decode("br", Encode("br", Sample));
        var memory = body.Bytes;
        body.Dispose();
        Assert.Equal(-1, memory.Span.IndexOfAnyExcept((byte)0));
        Assert.True(body.Bytes.IsEmpty);
    }

    [Property(MaxTest = 300)]
    public void Random_bytes_never_throw(byte[] bytes, byte pick)
    {
        var coding = ((string[])["gzip", "deflate", "br", "zstd"])[pick % 4];
        using var random = ContentCoding.Decode(coding, bytes, maxBytes: 1 << 20);
        var mutated = Encode(coding, Sample);
        for (var i = 0; i < bytes.Length; i++)
        {
            mutated[(bytes[i] * 7919 + i) % mutated.Length] ^= bytes[i];
        }

        using var second = ContentCoding.Decode(coding, mutated, maxBytes: 1 << 20);
    }

    private static string Header(string coding) => coding == "raw-deflate" ? "Deflate" : coding;

    private static byte[] Encode(string coding, byte[] plain)
    {
        using var output = new MemoryStream();
        using (var stream = Compressor(coding, output))
        {
            stream.Write(plain);
        }

        return output.ToArray();
    }

    private static byte[] Bomb(string coding, long size)
    {
        var zeros = new byte[1 << 20];
        using var output = new MemoryStream();
        using (var stream = Compressor(coding, output))
        {
            for (long written = 0; written < size; written += zeros.Length)
            {
                stream.Write(zeros);
            }
        }

        return output.ToArray();
    }

    private static Stream Compressor(string coding, Stream output) => coding switch
    {
        "gzip" or "x-gzip" => new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true),
        "deflate" => new ZLibStream(output, CompressionLevel.Fastest, leaveOpen: true),
        "raw-deflate" => new DeflateStream(output, CompressionLevel.Fastest, leaveOpen: true),
        "br" => new BrotliStream(output, CompressionLevel.Fastest, leaveOpen: true),
        _ => new ZstdSharp.CompressionStream(output, leaveOpen: true),
    };
}
