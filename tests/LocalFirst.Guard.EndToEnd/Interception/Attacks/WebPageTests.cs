using LocalFirst.Guard.EndToEnd.Portal;
using LocalFirst.Guard.EndToEnd.Provider;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>A page in a real browser that knows both ports and tries every way a page has.</summary>
[Collection<UnderAttack>]
public sealed class WebPageTests(AttackedBroker broker)
{
    /// <summary>Every way is tried at the address in <c>target</c>; what a page learns from each comes back as one line.</summary>
    private const string EveryWay = """
        async target => {
            const told = [];
            const tell = async (name, way) => {
                try { told.push(`${name}: ${await way()}`); } catch (e) { told.push(`${name}: refused`); }
            };
            const ended = (element, good, bad) => new Promise((resolve, reject) => {
                element.addEventListener(good, () => resolve('loaded'));
                element.addEventListener(bad, () => reject());
            });
            const body = '{"model":"gpt-5","messages":[{"role":"user","content":"from a page"}]}';
            await tell('fetch', async () => (await (await fetch(target, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })).text()));
            await tell('fetch simple', async () => (await (await fetch(target, { method: 'POST', body, headers: { 'Content-Type': 'text/plain' } })).text()));
            await tell('fetch opaque', async () => (await fetch(target, { method: 'POST', body, mode: 'no-cors' })).type);
            await tell('fetch with cookies', async () => (await (await fetch(target, { credentials: 'include' })).text()));
            await tell('beacon', async () => navigator.sendBeacon(target, body) ? 'sent' : 'not sent');
            await tell('image', () => { const image = new Image(); const end = ended(image, 'load', 'error'); image.src = target; return end; });
            await tell('script', () => { const script = document.createElement('script'); const end = ended(script, 'load', 'error'); script.src = target; document.body.append(script); return end; });
            await tell('events', () => { const events = new EventSource(target); return ended(events, 'open', 'error').finally(() => events.close()); });
            await tell('WebSocket', () => { const socket = new WebSocket(target.replace('http', 'ws')); return ended(socket, 'open', 'error'); });
            await tell('form', () => new Promise((resolve, reject) => {
                const frame = document.createElement('iframe');
                frame.name = 'target';
                const form = document.createElement('form');
                form.method = 'POST'; form.enctype = 'text/plain'; form.action = target; form.target = 'target';
                const field = document.createElement('input');
                field.name = body.slice(0, -1) + ',"x":"'; field.value = '"}';
                form.append(field);
                document.body.append(frame, form);
                frame.addEventListener('load', () => frame.contentDocument === null ? reject() : resolve(frame.contentDocument.body.innerText));
                form.submit();
                setTimeout(() => reject(), 5000);
            }));
            return told;
        }
        """;

    /// <summary>What a page may learn: that something did not work, and that it sent what nobody took.</summary>
    private static readonly string[] Nothing =
    [
        "fetch: refused", "fetch simple: refused", "fetch with cookies: refused", "beacon: sent", "image: refused", "script: refused", "events: refused", "WebSocket: refused", "form: refused",
    ];

    /// <summary>An answer that a page may not look into is opaque, or kept from it altogether where the answer asks for that (the portal's do).</summary>
    private const string Opaque = "fetch opaque: ";

    [Fact]
    public async Task A_page_of_another_loopback_port_learns_nothing_and_sends_nothing_on()
    {
        await using var site = WireProvider.StartPlain();
        const string page = "<!doctype html><title>page</title><body></body>";
        site.Answer = _ => $"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {page.Length}\r\n\r\n{page}";
        await using var browser = await Chromium.StartAsync();
        var before = broker.Provider.Requests.Count;

        foreach (var target in new[] { new Uri(broker.Guard.Proxy, "openai/v1/chat/completions"), new Uri(broker.Guard.Proxy, "anthropic/v1/messages"), broker.Guard.Portal })
        {
            var watched = await browser.NewPageAsync();
            await watched.Page.GotoAsync(site.Address.AbsoluteUri);

            var told = await watched.Page.EvaluateAsync<string[]>(EveryWay, target.AbsoluteUri);
            Assert.Equal(Nothing, told.Where(line => !line.StartsWith(Opaque, StringComparison.Ordinal)));
            Assert.Contains(told, line => line is $"{Opaque}opaque" or $"{Opaque}refused");
            Assert.All(watched.Responses.Where(r => new Uri(r.Url).Port == target.Port), r => Assert.InRange(r.Status, 400, 499));
        }

        await broker.ServeCleanRequestAsync();
        Assert.Equal(before + 1, broker.Provider.Requests.Count);
        broker.AssertNothingElseArrived();
    }

    [Fact]
    public async Task A_page_whose_name_was_rebound_to_this_machine_is_the_same_origin_and_still_nobody()
    {
        await using var browser = await Chromium.StartAsync("--host-resolver-rules=MAP rebound.example 127.0.0.1");
        var before = broker.Provider.Requests.Count;

        foreach (var port in new[] { broker.Guard.Proxy.Port, broker.Guard.Portal.Port })
        {
            var watched = await browser.NewPageAsync();
            var refused = await watched.Page.GotoAsync($"http://rebound.example:{port}/openai/v1/models");
            Assert.InRange(refused!.Status, 400, 499);

            var status = await watched.Page.EvaluateAsync<int>("async () => (await fetch('/openai/v1/chat/completions', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } })).status");
            Assert.InRange(status, 400, 499);
        }

        await broker.ServeCleanRequestAsync();
        Assert.Equal(before + 1, broker.Provider.Requests.Count);
        broker.AssertNothingElseArrived();
    }
}
