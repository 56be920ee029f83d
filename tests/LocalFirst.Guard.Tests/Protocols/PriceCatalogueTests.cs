using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Protocols;

public sealed class PriceCatalogueTests
{
    private static readonly PriceCatalogue Shipped = PriceCatalogue.LoadBuiltIn();

    [Theory]
    [InlineData("anthropic", "claude-opus-4-8", 5_000_000_000, 500_000_000, 6_250_000_000, 25_000_000_000)]
    [InlineData("anthropic", "claude-haiku-4-5-20251001", 1_000_000_000, 100_000_000, 1_250_000_000, 5_000_000_000)]
    [InlineData("anthropic", "claude-sonnet-4-5-20250929", 6_000_000_000, 600_000_000, 7_500_000_000, 22_500_000_000)]
    [InlineData("openai", "gpt-5", 1_250_000_000, 125_000_000, 1_250_000_000, 10_000_000_000)]
    public void A_million_tokens_cost_what_the_table_says(string provider, string model, long input, long read, long write, long output)
    {
        var price = Shipped.Find(provider, model)!;
        Assert.Equal(input, price.CostNanoUsd(new TokenCounts(1_000_000, 0, 0, 0)));
        Assert.Equal(read, price.CostNanoUsd(new TokenCounts(0, 1_000_000, 0, 0)));
        Assert.Equal(write, price.CostNanoUsd(new TokenCounts(0, 0, 1_000_000, 0)));
        Assert.Equal(output, price.CostNanoUsd(new TokenCounts(price.LongRates is null ? 0 : 1_000_000, 0, 0, 1_000_000)) - (price.LongRates is null ? 0 : input));
    }

    [Theory]
    [InlineData("claude-opus-4-8", true)]
    [InlineData("claude-opus-4-8-20260301", true)]
    [InlineData("claude-opus-4-8-latest", true)]
    [InlineData("claude-opus-4-8@20260301", true)]
    [InlineData("claude-opus-4-89", false)]
    [InlineData("claude-opus-4-8-turbo", false)]
    [InlineData("claude-opus-99", false)]
    [InlineData("gpt-6.1-sol", false)]
    [InlineData("", false)]
    public void A_name_stands_for_itself_and_for_itself_with_a_date_and_for_nothing_else(string model, bool known) =>
        Assert.Equal(known, Shipped.Find("anthropic", model) is not null);

    [Fact]
    public void Another_provider_of_the_same_model_has_a_price_of_its_own() => Assert.Null(Shipped.Find("openai", "claude-opus-4-8"));

    [Fact]
    public void A_long_request_costs_the_long_rates_for_all_of_its_tokens()
    {
        var price = Shipped.Find("anthropic", "claude-sonnet-4-5")!;
        Assert.Equal(200_000L * 3_000, price.CostNanoUsd(new TokenCounts(200_000, 0, 0, 0)));
        Assert.Equal((150_001L * 6_000) + (50_000L * 600) + (10L * 22_500), price.CostNanoUsd(new TokenCounts(150_001, 50_000, 0, 10)));
    }

    [Fact]
    public void An_hour_in_the_cache_costs_more_than_five_minutes() =>
        Assert.Equal((60L * 6_250) + (40L * 10_000), Shipped.Find("anthropic", "claude-opus-4-8")!.CostNanoUsd(new TokenCounts(0, 0, 100, 0, 40)));

    [Fact]
    public void Nonsense_of_a_provider_neither_overflows_nor_earns_money()
    {
        var price = Shipped.Find("anthropic", "claude-opus-4-8")!;
        Assert.Equal(9_007_199_254_740_991, price.CostNanoUsd(new TokenCounts(long.MaxValue / 4, 0, 0, long.MaxValue / 4)));
        Assert.Equal(0, price.CostNanoUsd(new TokenCounts(-5, -5, -5, -5, -5)));
    }

    [Fact]
    public void A_file_of_the_users_own_goes_before_what_ships()
    {
        var own = PriceCatalogue.LoadBuiltIn([KeyValuePair.Create("own.yaml", "provider: anthropic\nversion: \"contract\"\nmodels:\n  - {names: [claude-opus-4-8, in-house], input: 0.0125, output: 2}\n")]);
        Assert.Equal("contract", own.Find("anthropic", "claude-opus-4-8")!.Version);
        Assert.Equal(13, own.Find("anthropic", "in-house")!.CostNanoUsd(new TokenCounts(1, 0, 0, 0)));
        Assert.NotNull(own.Find("anthropic", "claude-sonnet-5"));
    }

    [Theory]
    [InlineData("provider: a\nversion: \"1\"\nmodels:\n  - {names: [m], input: 1}\n", 4, "'output' is missing")]
    [InlineData("provider: a\nversion: \"1\"\nmodels:\n  - {names: [m], input: -1, output: 1}\n", 4, "'input' must be US dollars")]
    [InlineData("provider: a\nversion: \"1\"\nmodels:\n  - {names: [m], input: 1, output: 1}\n  - {names: [m], input: 2, output: 2}\n", 5, "has a price already")]
    [InlineData("provider: a\nversion: \"1\"\nmodels:\n  - {names: [], input: 1, output: 1}\n", 4, "needs 'names'")]
    [InlineData("provider: a\nversion: \"1\"\nmodels:\n  - {names: [m], inputs: 1, output: 1}\n", 4, "unknown key")]
    [InlineData("version: \"1\"\nmodels: []\n", 1, "'provider' is missing")]
    public void A_wrong_file_is_told_with_its_line(string yaml, int line, string problem)
    {
        var error = Assert.Throws<CatalogueException>(() => PriceCatalogue.Load([KeyValuePair.Create("own.yaml", yaml)]));
        Assert.StartsWith($"own.yaml:{line}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }
}
