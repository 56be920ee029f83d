using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using LocalFirst.Guard.LocalModels.DemoModel;
using LocalFirst.Guard.LocalModels.Gguf;
using Xunit;

namespace LocalFirst.Guard.Tests.LocalModels;

public sealed class GgufHeaderTests
{
    private static readonly byte[] Small = WriteSmall();

    [Fact]
    public void A_sound_header_is_read()
    {
        var header = GgufHeader.Read(new MemoryStream(Small));

        Assert.Equal("llama", header.Architecture);
        Assert.Equal(7, header.Number("llama.block_count"));
        Assert.Equal(3, ((GgufArray)header.Metadata["names"]).Count);
        Assert.Equal(2, header.Tensors.Count);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        for (var length = 0; length < Small.Length; length++)
        {
            // The last tensor has no padding behind it, so every cut loses something.
            Assert.Throws<GgufException>(() => GgufHeader.Read(new MemoryStream(Small[..length])));
        }
    }

    [Fact]
    public void The_demo_model_cut_at_many_points_is_refused()
    {
        using var stream = new MemoryStream();
        DemoModelWriter.Write(stream, []);
        var content = stream.ToArray();
        for (var length = 1; length < content.Length; length += content.Length / 50)
        {
            Assert.Throws<GgufException>(() => GgufHeader.Read(new MemoryStream(content, 0, length)));
        }
    }

    [Property(MaxTest = 300)]
    public void Random_bytes_never_do_more_than_be_refused(byte[] bytes) => ReadsOrRefuses([.. "GGUF"u8, 3, 0, 0, 0, .. bytes]);

    [Property(MaxTest = 500)]
    public Property Changed_bytes_never_do_more_than_be_refused() => Prop.ForAll(
        Gen.Choose(0, Small.Length - 1).Zip(Gen.Choose(0, 255)).ListOf(4).ToArbitrary(),
        changes =>
        {
            var bytes = Small.ToArray();
            foreach (var (at, value) in changes)
            {
                bytes[at] = (byte)value;
            }

            ReadsOrRefuses(bytes);
        });

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(24)]
    public void A_giant_count_or_length_allocates_nothing(int offset)
    {
        var bytes = Small.ToArray();
        bytes.AsSpan(offset, 8).Fill(0x7F);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<GgufException>(() => GgufHeader.Read(new MemoryStream(bytes)));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    private static void ReadsOrRefuses(byte[] bytes)
    {
        try
        {
            GgufHeader.Read(new MemoryStream(bytes));
        }
        catch (GgufException)
        {
            // Refused with a reason, as it should be.
        }
    }

    private static byte[] WriteSmall()
    {
        using var writer = new GgufWriter();
        writer.Add("general.architecture", "llama");
        writer.Add("llama.block_count", 7u);
        writer.Add("flag", true);
        writer.Add("names", ["a", "b", "c"]);
        writer.Add("numbers", [1, 2]);
        writer.AddTensor("one", new float[8], 4, 2);
        writer.AddTensor("two", new float[8], 8);
        using var stream = new MemoryStream();
        writer.Save(stream);
        return stream.ToArray();
    }
}
