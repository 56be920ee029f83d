using System.Text;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Text that stands readable inside a compressed body. Brotli lets a sender put blocks into a stream that every decoder skips
/// (RFC 7932 §9.2, metadata), and no decoder's interface tells of them; runs of printable bytes show them.
/// </summary>
internal static class CodedBody
{
    // In random bytes a run of this length is expected once in about 10^8; a secret is not shorter.
    private const int MinRun = 20;

    public static void AddReadableRuns(ReadOnlySpan<byte> coded, List<Part> parts)
    {
        while (coded.IndexOfAnyInRange((byte)0x20, (byte)0x7e) is var start and >= 0)
        {
            coded = coded[start..];
            var length = coded.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7e);
            var run = length < 0 ? coded : coded[..length];
            if (run.Length >= MinRun)
            {
                parts.Add(new Part { Place = new PartPlace("coded"), Text = Encoding.ASCII.GetString(run) });
            }

            coded = coded[run.Length..];
        }
    }
}
