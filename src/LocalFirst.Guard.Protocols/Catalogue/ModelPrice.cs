namespace LocalFirst.Guard.Protocols;

/// <summary>Tokens of one exchange by what providers charge for. The kinds do not overlap.</summary>
/// <param name="Input">Input tokens that were neither read from nor written to the prompt cache.</param>
/// <param name="CacheRead">Input tokens read from the prompt cache.</param>
/// <param name="CacheWrite">Input tokens written to the prompt cache.</param>
/// <param name="Output">Output tokens, reasoning included.</param>
/// <param name="CacheWriteLong">Of <paramref name="CacheWrite"/>, those that were written for an hour in place of five minutes.</param>
public readonly record struct TokenCounts(long Input, long CacheRead, long CacheWrite, long Output, long CacheWriteLong = 0)
{
    /// <summary>All input tokens.</summary>
    public long AllInput => Input + CacheRead + CacheWrite;
}

/// <summary>What a million tokens of each kind cost, in US dollars.</summary>
/// <param name="Input">Input outside the cache.</param>
/// <param name="CacheRead">Read from the cache.</param>
/// <param name="CacheWrite">Written to the cache for five minutes.</param>
/// <param name="CacheWriteLong">Written to the cache for an hour.</param>
/// <param name="Output">Output.</param>
public sealed record TokenRates(decimal Input, decimal CacheRead, decimal CacheWrite, decimal CacheWriteLong, decimal Output);

/// <summary>The price of one model at one provider.</summary>
/// <param name="Rates">The rates.</param>
/// <param name="LongRates">The rates of a request whose whole input is longer than <paramref name="LongAbove"/>; null when the model has none.</param>
/// <param name="LongAbove">Input tokens above which <paramref name="LongRates"/> hold for all tokens of the request.</param>
/// <param name="Version">Version of the table that names it.</param>
public sealed record ModelPrice(TokenRates Rates, TokenRates? LongRates, long LongAbove, string Version)
{
    /// <summary>A dollar for a million tokens is so many 10⁻⁹ dollars for one.</summary>
    private const decimal NanoPerTokenOfDollarPerMillion = 1000m;

    /// <summary>What an exchange costs, in 10⁻⁹ US dollars, rounded up: exact arithmetic, no floating point.</summary>
    /// <param name="tokens">Its tokens; negative counts count as none.</param>
    public long CostNanoUsd(TokenCounts tokens)
    {
        var rates = LongRates is not null && tokens.AllInput > LongAbove ? LongRates : Rates;
        var longWrite = Math.Clamp(tokens.CacheWriteLong, 0, Math.Max(0, tokens.CacheWrite));
        var cost = NanoPerTokenOfDollarPerMillion
            * ((Bounded(tokens.Input) * rates.Input)
                + (Bounded(tokens.CacheRead) * rates.CacheRead)
                + (Bounded(tokens.CacheWrite - longWrite) * rates.CacheWrite)
                + (Bounded(longWrite) * rates.CacheWriteLong)
                + (Bounded(tokens.Output) * rates.Output));
        return cost >= MaxCost ? MaxCost : (long)Math.Ceiling(cost);
    }

    /// <summary>2^53 − 1: the largest number that a record can hold.</summary>
    private const long MaxCost = 9_007_199_254_740_991;

    // What a provider says of itself is not trusted to be a sensible number.
    private static decimal Bounded(long tokens) => Math.Clamp(tokens, 0, 1_000_000_000_000);
}
