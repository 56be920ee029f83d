using System.Buffers.Binary;
using FsCheck.Xunit;
using LocalFirst.Guard.Audit.Ingest;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit.Fleet;

/// <summary>Bodies that a device sends to harm.</summary>
public sealed class EntryUploadTests
{
    [Theory]
    [InlineData(long.MaxValue - 1, long.MaxValue)]
    [InlineData(0, long.MaxValue)]
    [InlineData(9_007_199_254_740_990, 9_007_199_254_740_992)]
    [InlineData(-1, 5)]
    [InlineData(5, 4)]
    public void An_interval_that_no_log_has_is_refused(long start, long end) =>
        Assert.Throws<FormatException>(() => EntryUpload.Parse(Body(start, end, new byte[4096])));

    [Fact]
    public void A_body_of_empty_entries_is_read_for_a_bounded_number_of_packages()
    {
        var package = new byte[(2 * EntryUpload.Width) + 1];

        var upload = EntryUpload.Parse(Body(0, 1_000_000, [.. Enumerable.Repeat(package, 1000).SelectMany(p => p)]));

        Assert.Equal(EntryUpload.MaxPackages, upload.Packages.Count);
    }

    [Property]
    public void Any_bytes_are_an_upload_or_a_format_error(byte[] bytes, long start, long end)
    {
        foreach (var body in new[] { bytes ?? [], Body(start, end, bytes ?? []), Body(Math.Abs(start % 1000), 1000 + Math.Abs(end % 1000), bytes ?? []) })
        {
            try
            {
                EntryUpload.Parse(body);
            }
            catch (FormatException)
            {
                // Said so: that is all right.
            }
        }
    }

    private static byte[] Body(long start, long end, byte[] rest)
    {
        var body = new byte[2 + 1 + 16 + 2 + rest.Length];
        body[1] = 1;
        body[2] = (byte)'o';
        BinaryPrimitives.WriteInt64BigEndian(body.AsSpan(3), start);
        BinaryPrimitives.WriteInt64BigEndian(body.AsSpan(11), end);
        rest.CopyTo(body, 21);
        return body;
    }
}
