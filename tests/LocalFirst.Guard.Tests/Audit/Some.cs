using LocalFirst.Guard.Audit;

namespace LocalFirst.Guard.Tests.Audit;

internal static class Some
{
    public static readonly DateTimeOffset Time = new(2026, 11, 22, 9, 30, 15, 123, TimeSpan.Zero);

    public static DecisionRecord Decision(string exchange = "01JD8XK2T5V6W7Y8Z9ABCDEFGH") => new()
    {
        Time = Time,
        Exchange = exchange,
        Client = "claude-code",
        Provider = "anthropic",
        Host = "api.anthropic.com",
        Method = "POST",
        Endpoint = "/v1/messages",
        Api = "anthropic-messages",
        Entry = "connect",
        Model = "claude-sonnet-4-5",
        Stream = true,
        State = "complete",
        BodyBytes = 48213,
        BodyHash = "5f1d7a9e0c3b48d2a6e4f8091b2c3d4e",
        Parts = 17,
        FindingCount = 1,
        Findings = [Finding()],
        Action = "local",
        Reasons = [Reason()],
        Policy = "default",
        PolicyVersion = "1",
        PolicyHash = new string('9', 64),
        LatencyMs = 3.25,
    };

    public static RecordedFinding Finding(string place = "/messages/4/content/0/text") =>
        new("secrets", "aws-access-key-id", "aws-key", 1, 0.99, place, 120, 20, "0f1e2d3c4b5a69788796a5b4c3d2e1f0");

    public static RecordedReason Reason(string text = "A secret was found: it stays on this machine.") =>
        new("secrets-stay", "local", text, "/messages/4/content/0/text");

    public static OutcomeRecord Outcome(string exchange = "01JD8XK2T5V6W7Y8Z9ABCDEFGH") => new()
    {
        Time = Time.AddSeconds(1),
        Exchange = exchange,
        Result = "answered-locally",
        Status = 200,
        BytesOut = 0,
        BytesIn = 1834,
        AnsweredBy = "demo-model",
        DurationMs = 877.125,
    };

    public static EventRecord Event(string detail = "The broker started.") => new() { Time = Time, Name = "broker-started", Detail = detail };
}
