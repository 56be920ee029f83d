using System.Globalization;
using System.Text;
using System.Text.Json;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>
/// The one broker that the whole catalogue is run against, in front of a provider that keeps every byte. Each case is held against three things:
/// what the client is told, what reached the provider, and that a clean request goes through afterwards.
/// </summary>
public sealed class AttackedBroker : IAsyncLifetime
{
    private readonly TestFolder _home = new();
    private readonly TestAuthority _authority = new();

    /// <summary>Bodies of the requests that prove that the broker still serves.</summary>
    private readonly HashSet<string> _clean = [];

    internal WireProvider Provider { get; private set; } = null!;

    /// <summary>Providers with a bad certificate, by the host that is mapped to them.</summary>
    internal IReadOnlyDictionary<string, WireProvider> Impostors { get; private set; } = null!;

    internal GuardProcess Guard { get; private set; } = null!;

    internal string Home => _home.Path;

    public async ValueTask InitializeAsync()
    {
        Provider = WireProvider.Start(_authority.Issue(ProviderCertificate.Good));
        Impostors = UpstreamCertificates.All.ToDictionary(c => c.Host, c => WireProvider.Start(_authority.Issue(c.Flaw)));
        var trust = _home.File("provider-root.pem");
        await File.WriteAllTextAsync(trust, _authority.Pem);
        var mapped = new StringBuilder("upstreams:\n");
        foreach (var (host, address) in Impostors.Select(i => (i.Key, i.Value.Address)).Append(("api.openai.com", Provider.Address)).Append(("api.anthropic.com", Provider.Address)))
        {
            mapped.Append(CultureInfo.InvariantCulture, $"  {host}: {address.GetLeftPart(UriPartial.Authority)}\n");
        }

        await File.WriteAllTextAsync(_home.File("guard.yaml"), $"{mapped}upstreamTrust: {trust}\n");
        Guard = await GuardProcess.StartAsync(Home);
    }

    public async ValueTask DisposeAsync()
    {
        if (Guard is not null)
        {
            await Guard.DisposeAsync();
        }

        if (Provider is not null)
        {
            await Provider.DisposeAsync();
        }

        foreach (var impostor in Impostors?.Values ?? [])
        {
            await impostor.DisposeAsync();
        }

        _authority.Dispose();
        _home.Dispose();
    }

    /// <summary>Runs a case and holds it against its three expectations.</summary>
    internal async Task HoldAsync(Attack attack)
    {
        var before = Provider.Requests.Count;
        var toImpostors = Impostors.Values.Sum(i => i.Bytes);

        var told = await attack.Run(this);
        await ServeCleanRequestAsync();

        Assert.Equal(attack.Told, told);
        var arrived = Provider.Requests.Skip(before).Where(r => !_clean.Contains(r.BodyText)).ToList();
        Assert.Equal(attack.Arrives.Select(a => (a.RequestLine, a.Body)), arrived.Select(r => (r.RequestLine, r.BodyText)));
        foreach (var (expected, request) in attack.Arrives.Zip(arrived))
        {
            Assert.All(expected.Absent, name => Assert.Empty(request.Values(name)));
        }

        Assert.Equal(toImpostors, Impostors.Values.Sum(i => i.Bytes));
        AssertNothingElseArrived();
    }

    /// <summary>The broker still serves: a request without a flaw goes through with its bytes as they were.</summary>
    internal async Task ServeCleanRequestAsync()
    {
        Assert.True(Guard.IsRunning, Guard.Errors);
        var prompt = Some.CleanPrompt();
        var body = JsonSerializer.SerializeToUtf8Bytes(new { model = "gpt-5", messages = new[] { new { role = "user", content = prompt } } });
        _clean.Add(Encoding.UTF8.GetString(body));
        await using var connection = await RawConnection.ThroughAsync(Guard, "api.openai.com");
        var response = await connection.RequestAsync("POST", "/v1/chat/completions", "api.openai.com", ["Content-Type: application/json"], body);

        Assert.True(response.Status == 200, response.ToString());
        Assert.Single(Provider.Requests, r => r.Body.AsSpan().SequenceEqual(body));
    }

    /// <summary>No byte reached the provider that is not of a whole, well-formed request.</summary>
    internal void AssertNothingElseArrived()
    {
        Assert.Empty(Provider.Malformed);
        Assert.Equal(Provider.Requests.Sum(r => r.WireBytes), Provider.Bytes);
    }
}

[CollectionDefinition]
public sealed class UnderAttack : ICollectionFixture<AttackedBroker>;
