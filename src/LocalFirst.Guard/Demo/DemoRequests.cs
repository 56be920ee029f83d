using System.Text.Json;

namespace LocalFirst.Guard.Demo;

/// <summary>One request of the demo.</summary>
/// <param name="Tag">Short name; also sent as a header, so that the provider can tell what arrived.</param>
/// <param name="What">What it is, for the table.</param>
/// <param name="Host">Provider host.</param>
/// <param name="Path">Path.</param>
/// <param name="Body">JSON body.</param>
internal sealed record DemoRequest(string Tag, string What, string Host, string Path, byte[] Body);

/// <summary>
/// The four requests of the demo. Secrets are put together at run time: a code host would refuse a repository that holds something that looks
/// like one.
/// </summary>
internal static class DemoRequests
{
    /// <summary>The company code that the demo indexes, and of which the last request holds a piece.</summary>
    public const string CompanyCode = """
        namespace Northwind.Settlement;

        internal sealed class ClearingWindowPlanner(IHolidayLedger holidays, SettlementClock clock)
        {
            public ClearingWindow PlanNext(AccountBook book, CurrencyPair pair)
            {
                var cutoff = clock.CutoffFor(pair.Quote, book.Jurisdiction);
                var day = clock.BusinessDay(book.Jurisdiction);
                while (holidays.IsClosed(day, pair.Base) || holidays.IsClosed(day, pair.Quote))
                {
                    day = day.NextBusinessDay(book.Jurisdiction);
                }

                var exposure = book.OpenExposure(pair).NetOf(book.PendingReversals(pair));
                if (exposure.ExceedsLimit(book.CounterpartyLimit(pair.Quote)))
                {
                    return ClearingWindow.Deferred(day, cutoff, exposure.AmountAbove(book.CounterpartyLimit(pair.Quote)));
                }

                return ClearingWindow.Open(day, cutoff - book.ReconciliationLead, exposure);
            }
        }
        """;

    public static IReadOnlyList<DemoRequest> All()
    {
        var token = "ghp_" + Crc32Token.Make("LocalFirstGuardDemoTokenValue1");
        const string card = "4111 1111 1111 1111";
        return
        [
            new("clean", "a clean question", "api.openai.com", "/v1/chat/completions", OpenAi("Explain in one sentence what a hash table is.")),
            new("secret", "an access token in a log line", "api.anthropic.com", "/v1/messages", Anthropic($"Why does this fail?\n\ngit push https://oauth2:{token}@github.com/northwind/settlement.git")),
            new("card", "a payment card number", "api.openai.com", "/v1/chat/completions", OpenAi($"Write a refund e-mail for the customer who paid with card {card}.")),
            new("code", "a method of an indexed repository", "api.anthropic.com", "/v1/messages", Anthropic($"Review this method:\n\n{CompanyCode}")),
        ];
    }

    private static byte[] OpenAi(string text) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        model = "gpt-5",
        messages = new[] { new { role = "user", content = text } },
    });

    private static byte[] Anthropic(string text) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        model = "claude-sonnet-5",
        max_tokens = 256,
        messages = new[] { new { role = "user", content = text } },
    });
}
