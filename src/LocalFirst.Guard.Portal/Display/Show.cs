using System.Globalization;
using LocalFirst.Guard.Audit;

namespace LocalFirst.Guard.Portal.Display;

/// <summary>How values are worded. One place, so that list and page say the same.</summary>
internal static class Show
{
    /// <summary>How long an exchange may plausibly still be running; without an outcome after that, the missing outcome is itself a finding.</summary>
    public static readonly TimeSpan LongestExchange = TimeSpan.FromMinutes(30);

    public static string Verdict(string action) => action switch
    {
        "allow" => "to the cloud",
        "redact" => "redacted",
        "local" => "kept local",
        "block" => "refused",
        _ => action,
    };

    /// <summary>What one rule asks for; the strictest of them is the verdict.</summary>
    public static string Asks(string action) => action switch
    {
        "allow" => "may go",
        "redact" => "redact",
        "local" => "stay local",
        "block" => "refuse",
        _ => action,
    };

    /// <summary>A class of the style sheet; never a value from the log.</summary>
    public static string VerdictTone(string action) => action switch
    {
        "allow" => "cloud",
        "redact" or "local" => "local",
        "block" => "block",
        _ => "plain",
    };

    /// <summary>The client; one that no rule knows is said to be so.</summary>
    public static string Client(string client) => client == "unknown" ? "unknown client" : client;

    public static string Outcome(string result) => result switch
    {
        "forwarded" => "sent",
        "answered-locally" => "answered here",
        _ => result,
    };

    public static string Result(ExchangeEntry entry, DateTimeOffset now) => entry.Outcome switch
    {
        { Result: "forwarded" or "answered-locally" or "refused" } o => string.Create(CultureInfo.InvariantCulture, $"{Outcome(o.Result)}, {o.Status}"),
        { Result: "failed", Status: not 0 } o => string.Create(CultureInfo.InvariantCulture, $"failed, {o.Status}"),
        { } o => o.Result,
        null when now - entry.Decision.Time < LongestExchange => "running",
        null => "no outcome",
    };

    public static string ResultTone(ExchangeEntry entry, DateTimeOffset now) => entry.Outcome switch
    {
        { Result: "failed" } => "warn",
        null when now - entry.Decision.Time >= LongestExchange => "warn",
        null => "running",
        _ => "plain",
    };

    public static string Tier(int tier) => tier switch
    {
        1 => "verified",
        2 => "structural",
        3 => "context",
        4 => "hint",
        _ => tier.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Money: cents where there are dollars, more places where there are none.</summary>
    public static string Dollars(decimal usd) => Math.Abs(usd) switch
    {
        0 => "$0.00",
        >= 1 => usd.ToString("$#,0.00;-$#,0.00", CultureInfo.InvariantCulture),
        >= 0.01m => usd.ToString("$0.000;-$0.000", CultureInfo.InvariantCulture),
        _ => usd.ToString("$0.0000##;-$0.0000##", CultureInfo.InvariantCulture),
    };

    /// <summary>Money of a record, which counts in 10⁻⁹ US dollars.</summary>
    public static string NanoDollars(long nanoUsd) => Dollars(nanoUsd / 1_000_000_000m);

    public static string Share(long part, long whole) => whole == 0 ? "–" : string.Create(CultureInfo.InvariantCulture, $"{100m * part / whole:0} %");

    public static string Bytes(long bytes) => bytes switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1000 * 1000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1000.0:0.#} KB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB"),
    };

    public static string Milliseconds(double ms) => ms switch
    {
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{ms:0.0} ms"),
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{ms:0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{ms / 1000:0.0} s"),
    };

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The clock of this machine, with the date once it is another day.</summary>
    public static string Clock(DateTimeOffset time, TimeProvider clock)
    {
        var local = TimeZoneInfo.ConvertTime(time, clock.LocalTimeZone);
        var today = clock.GetLocalNow();
        return local.ToString(local.Date == today.Date ? "HH:mm:ss" : "d MMM HH:mm:ss", CultureInfo.InvariantCulture);
    }

    /// <summary>The time in UTC, for a fleet whose people sit in many places.</summary>
    public static string Utc(DateTimeOffset time) => time.UtcDateTime.ToString("d MMM yyyy, HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>A key as people compare it: SHA-256 of its raw bytes, in the form that SSH made familiar.</summary>
    public static string Fingerprint(ReadOnlySpan<byte> key) => "SHA256:" + Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(key)).TrimEnd('=');

    /// <summary>A number and its noun.</summary>
    public static string Count(long number, string noun) => $"{Number(number)} {noun}{(number == 1 ? "" : "s")}";

    public static string FullTime(DateTimeOffset time, TimeProvider clock) =>
        TimeZoneInfo.ConvertTime(time, clock.LocalTimeZone).ToString("d MMMM yyyy, HH:mm:ss.fff zzz", CultureInfo.InvariantCulture);
}
