using System.Text;
using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Running;

/// <summary>
/// Takes a made-up request through the steps before the record, so that rules, numbering plans and compiled code are there when the first
/// real one comes. Nothing of it is recorded, cached or sent.
/// </summary>
internal static class WarmUp
{
    // Times the providers and the three paths: above the 30 calls after which the runtime compiles a method again, with optimisation.
    private const int Rounds = 3;

    // One of everything that has tables of its own: an e-mail address, a phone number, a card number, a keyword, code within JSON within JSON.
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""
        {"model":"warm-up","stream":true,"messages":[
        {"role":"system","content":"Warm-up."},
        {"role":"user","content":"Write to jane.doe@example.com or call +1 212 736 5000; card 4111 1111 1111 1111, iban GB33BUKB20201555555555, ssn 078-05-1120, password = \"changeme\""},
        {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"edit","arguments":"{\"path\":\"a.cs\",\"text\":\"var api_key = \\\"none\\\";\\n\"}"}}]},
        {"role":"tool","tool_call_id":"call_1","content":"https://user:password@localhost/ 2026-01-01T00:00:00Z ok"}]}
        """);

    /// <summary>Runs in the background; what fails here fails again, and is told, with the first real request.</summary>
    public static Task StartAsync(ProviderCatalogue catalogue, IInspector inspector, DecideStep decide) =>
        Task.Run(() =>
        {
            try
            {
                for (var round = 0; round < Rounds; round++)
                {
                    Run(catalogue, inspector, decide);
                }
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Nothing depends on it.
            }
        });

    private static void Run(ProviderCatalogue catalogue, IInspector inspector, DecideStep decide)
    {
        foreach (var provider in catalogue.Providers)
        {
            foreach (var path in (string[])["/v1/chat/completions", "/v1/messages", "/v1/responses"])
            {
                using var body = new BodyBufferPool().Rent();
                body.Append(Body);
                var wire = new WireRequest
                {
                    Provider = provider,
                    Host = provider.Hosts[0],
                    Method = "POST",
                    RawTarget = path,
                    Headers = [new HeaderField("Content-Type", "application/json")],
                    Body = body.Bytes,
                };
                using var request = new ExchangeRequest(wire, 443, EntryMode.Connect, body);
                using var decoded = ContentCoding.Decode(null, wire.Body);
                var prompt = new RequestDecoder().Decode(wire, decoded.Bytes, decoded.Failure);
                var inspected = new InspectStep(new CachedInspector(inspector)).Inspect(prompt);
                decide.Decide(decide.FactsOf(request, prompt, inspected));
            }
        }
    }
}
