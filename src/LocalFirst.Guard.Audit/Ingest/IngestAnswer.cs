using System.Globalization;

namespace LocalFirst.Guard.Audit.Ingest;

/// <summary>What the server answers to an upload: the status and body of C2SP tlog-witness and tlog-mirror.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Media type of the body.</param>
/// <param name="Body">The body: signature lines, a size, sizes, or a sentence for people.</param>
public sealed record IngestAnswer(int Status, string ContentType, string Body)
{
    private const string Plain = "text/plain; charset=utf-8";

    internal static IngestAnswer Accepted(string signatureLines) => new(200, Plain, signatureLines);

    /// <summary>The old size is not the one that is stored (tlog-witness: 409 with the size).</summary>
    internal static IngestAnswer OtherSize(long size) => new(409, "text/x.tlog.size", size.ToString(CultureInfo.InvariantCulture) + "\n");

    /// <summary>Where an upload stands: size of the pending checkpoint and the next entry (tlog-mirror); 202 when some entries were stored, 409 when the request does not fit.</summary>
    internal static IngestAnswer Progress(int status, long pending, long next) =>
        new(status, "text/x.tlog.mirror-info", string.Create(CultureInfo.InvariantCulture, $"{pending}\n{next}\n\n"));

    internal static IngestAnswer Refused(int status, string sentence) => new(status, Plain, sentence + "\n");
}
