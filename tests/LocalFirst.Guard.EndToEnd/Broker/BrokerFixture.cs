using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using LocalFirst.Guard.MachineSetup.Runtimes;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Broker;

/// <summary>A running broker in front of a fake provider, with an indexed repository; shared by the classes of one collection.</summary>
public abstract class BrokerFixture : IAsyncLifetime
{
    private readonly TestFolder _home = new();
    private readonly CompanyRepository _repository = new();

    internal FakeProvider Provider { get; private set; } = null!;

    internal GuardProcess Guard { get; private set; } = null!;

    internal string Home => _home.Path;

    public async ValueTask InitializeAsync()
    {
        Provider = await FakeProvider.StartAsync();
        await GuardProcess.ConfigureAsync(Home, Provider);
        var index = await GuardCli.RunAsync(Home, ["code", "index", _repository.Path, "--home", Home]);
        Assert.True(index.ExitCode == 0, index.Everything);
        await PrepareAsync();
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

        _repository.Dispose();
        _home.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A prompt that must not leave, and the part of it that must never be seen outside.</summary>
    internal (string Prompt, string Canary) SensitivePrompt(Sensitive kind)
    {
        switch (kind)
        {
            case Sensitive.Secret:
                var token = Some.GitHubToken();
                return ($"Why does this not deploy?\n\nexport GITHUB_TOKEN={token}\n", token);
            case Sensitive.Card:
                var card = Some.CardNumber();
                return ($"Write a polite reply: the customer wants the charge on card {card} back.", card);
            default:
                return ($"Find the mistake in this function:\n\n```python\n{_repository.Function}```\n", "LedgerEntry(");
        }
    }

    /// <summary>Starts a real SDK on its way through the broker.</summary>
    internal Task<SdkClient> AskAsync(Sdk sdk, Way way, string prompt, bool stream) => SdkClient.StartAsync(
        sdk,
        prompt,
        stream,
        way == Way.BaseUrl ? BaseUrl(sdk) : null,
        way == Way.Proxy ? ProxyVariables() : new Dictionary<string, string>());

    /// <summary>The very variables that <c>guard exec</c> and <c>guard setup</c> give to every runtime.</summary>
    internal Dictionary<string, string> ProxyVariables() =>
        RuntimeVariables.For(Guard.Proxy, Guard.RootPem, Guard.BundlePem).ToDictionary(v => v.Name, v => v.Value);

    internal Uri BaseUrl(Sdk sdk) => sdk == Sdk.AnthropicMessages ? Guard.AnthropicBase : Guard.OpenAiBase;

    /// <summary>What the home needs before the broker starts.</summary>
    private protected virtual Task PrepareAsync() => Task.CompletedTask;
}

/// <summary>With the demo model: what must stay is answered here.</summary>
public sealed class BrokerWithModel : BrokerFixture
{
    private protected override Task PrepareAsync() =>
        DemoModel.EnsureAsync(Home, [Some.CleanPrompt(), .. Enum.GetValues<Sensitive>().Select(kind => SensitivePrompt(kind).Prompt)]);
}

/// <summary>Without a model: what must stay is refused. No test of this collection lets anything leave, so its provider never sees a connection.</summary>
public sealed class BrokerWithoutModel : BrokerFixture;

[CollectionDefinition]
public sealed class WithModel : ICollectionFixture<BrokerWithModel>;

[CollectionDefinition]
public sealed class WithoutModel : ICollectionFixture<BrokerWithoutModel>;
