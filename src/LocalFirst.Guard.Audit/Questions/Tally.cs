namespace LocalFirst.Guard.Audit.Questions;

/// <summary>Numbers while they grow. They stop at 2^53 − 1, the largest that a record can hold, so that a hostile record cannot turn a sum around.</summary>
internal sealed class Tally
{
    public const long Most = (1L << 53) - 1;

    public long Requests, Retries, Left, BytesOut, Local, Refused, Failed, NoOutcome, MayHaveLeft, FlaggedLeft, FlaggedFindings, FlaggedMayHaveLeft, PartialLeft, PartialBytes;

    /// <summary>Adds; what is negative counts as nothing.</summary>
    public static void Add(ref long sum, long number) => sum = Math.Min(Most, sum + Math.Clamp(number, 0, Most));

    public void Add(QuestionCounts counts)
    {
        Add(ref Requests, counts.Requests);
        Add(ref Retries, counts.Retries);
        Add(ref Left, counts.Left);
        Add(ref BytesOut, counts.BytesOut);
        Add(ref Local, counts.Local);
        Add(ref Refused, counts.Refused);
        Add(ref Failed, counts.Failed);
        Add(ref NoOutcome, counts.NoOutcome);
        Add(ref MayHaveLeft, counts.MayHaveLeft);
        Add(ref FlaggedLeft, counts.FlaggedLeft);
        Add(ref FlaggedFindings, counts.FlaggedFindings);
        Add(ref FlaggedMayHaveLeft, counts.FlaggedMayHaveLeft);
        Add(ref PartialLeft, counts.PartialLeft);
        Add(ref PartialBytes, counts.PartialBytes);
    }

    public QuestionCounts ToCounts() => new()
    {
        Requests = Requests,
        Retries = Retries,
        Left = Left,
        BytesOut = BytesOut,
        Local = Local,
        Refused = Refused,
        Failed = Failed,
        NoOutcome = NoOutcome,
        MayHaveLeft = MayHaveLeft,
        FlaggedLeft = FlaggedLeft,
        FlaggedFindings = FlaggedFindings,
        FlaggedMayHaveLeft = FlaggedMayHaveLeft,
        PartialLeft = PartialLeft,
        PartialBytes = PartialBytes,
    };
}
