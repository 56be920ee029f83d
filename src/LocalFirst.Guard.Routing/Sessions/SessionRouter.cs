using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Routing;

/// <summary>What is known of a request from itself and its session.</summary>
/// <param name="Phase">One of <see cref="Routing.Phase"/>; null when not known.</param>
/// <param name="IsHumanTurn">Whether a person spoke last; false inside a tool loop.</param>
/// <param name="LoopModel">The model that the running tool loop began with; null outside of one, or when nobody knows.</param>
/// <param name="CachedTokens">Of the estimated input tokens, those that the provider's prompt cache would hold from the session's last requests.</param>
/// <param name="CachesInput">Whether the rest would be written to the cache: so for conversations, not for what is asked beside them.</param>
public sealed record RoutedRequest(string? Phase, bool IsHumanTurn, string? LoopModel, long CachedTokens, bool CachesInput)
{
    /// <summary>A request of which nothing is known.</summary>
    public static RoutedRequest Unknown { get; } = new(null, false, null, 0, false);
}

/// <summary>
/// The phase of each request, by session: sticky, and moved by the client's own marks alone. A request that says nothing has the phase of its session,
/// because clients do not repeat their mode with every request; within a tool loop nothing but a mark moves it. Deterministic: the same sequence of
/// requests gives the same phases. Bounded memory. Safe for concurrent use.
/// </summary>
/// <param name="clients">Tells how clients write their phases.</param>
/// <param name="time">The clock, for the age of prompt caches.</param>
public sealed class SessionRouter(ClientCatalogue clients, TimeProvider time)
{
    /// <summary>How long a prompt cache lives without being read ("Prompt caching", Anthropic: five minutes; OpenAI: five to ten).</summary>
    public static readonly TimeSpan CacheLifetime = TimeSpan.FromMinutes(5);

    /// <summary>An agent and its subagents take turns in one session.</summary>
    private const int PrefixesPerSession = 4;

    private readonly SessionMemory _sessions = new();

    /// <summary>Looks at a request and remembers what the next one of its session needs.</summary>
    /// <param name="client">The client's id; null when not known.</param>
    /// <param name="session">Keyed hash of the session's id; null when the client names none.</param>
    /// <param name="prompt">The request.</param>
    /// <param name="headers">Its header fields.</param>
    public RoutedRequest Look(string? client, string? session, Prompt prompt, IReadOnlyList<HeaderField> headers)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(headers);
        var phases = clients.PhasesOf(client);
        if (prompt.Api is not (ApiForm.AnthropicMessages or ApiForm.OpenAiChat or ApiForm.OpenAiResponses))
        {
            var beside = phases is null ? null : prompt.Api == ApiForm.AnthropicCountTokens ? Phase.Background : Phase.Other;
            return RoutedRequest.Unknown with { Phase = beside };
        }

        var signals = PhaseSignals.Read(phases, prompt, headers);
        if (signals.Background is not null)
        {
            return RoutedRequest.Unknown with { Phase = Phase.Background };
        }

        var prefix = PromptPrefix.Of(prompt, time.GetUtcNow());
        if (session is null)
        {
            return new RoutedRequest(phases is null ? null : PhaseOf(signals, null) ?? Phase.Other, signals.IsHumanTurn, null, 0, true);
        }

        var state = _sessions.Of(session);
        lock (state)
        {
            string? phase = null;
            if (phases is not null)
            {
                state.Phase = PhaseOf(signals, state.Phase);
                phase = state.Phase ?? Phase.Other;
            }

            var shared = Share(state.Prefixes, prefix);
            var cached = prefix.Bytes == 0 ? 0 : (long)(prompt.TokenEstimate * ((double)shared / prefix.Bytes));
            return new RoutedRequest(phase, signals.IsHumanTurn, signals.IsHumanTurn ? null : state.ModelSent, cached, true);
        }
    }

    /// <summary>Remembers the model that a person's turn went out with, for the tool loop that follows.</summary>
    /// <param name="session">Keyed hash of the session's id.</param>
    /// <param name="model">The model.</param>
    public void Sent(string session, string model)
    {
        var state = _sessions.Of(session);
        lock (state)
        {
            state.ModelSent = model;
        }
    }

    /// <summary>Puts a session back to the phase that the log tells of it: a restart does not make a plan an execution.</summary>
    /// <param name="session">Keyed hash of the session's id.</param>
    /// <param name="phase">The phase of a recorded request.</param>
    public void Restore(string session, string phase)
    {
        if (phase is Phase.Planning or Phase.Execution)
        {
            var state = _sessions.Of(session);
            lock (state)
            {
                state.Phase = phase;
            }
        }
    }

    private static string? PhaseOf(PhaseSignals signals, string? before)
    {
        // A sandbox that only reads is stronger than a mode that would let the agent act; it cannot change under a running tool loop.
        if (signals.CannotAct && (signals.IsHumanTurn || before is null))
        {
            return Phase.Planning;
        }

        return signals is { Marked: { } marked, CannotAct: false } ? marked : before ?? (signals.Acts ? Phase.Execution : null);
    }

    /// <summary>Bytes of the longest beginning that a living cache holds; the request takes the place of the one that it continues.</summary>
    private static int Share(List<PromptPrefix> known, PromptPrefix request)
    {
        var (best, shared) = (-1, 0);
        for (var i = 0; i < known.Count; i++)
        {
            if (request.Time - known[i].Time <= CacheLifetime && request.SharedWith(known[i]) is var bytes && bytes > shared)
            {
                (best, shared) = (i, bytes);
            }
        }

        // What shares little was another conversation, which may still go on.
        if (best >= 0 && shared * 2 > known[best].Bytes)
        {
            known.RemoveAt(best);
        }
        else if (known.Count == PrefixesPerSession)
        {
            known.RemoveAt(0);
        }

        known.Add(request);
        return shared;
    }
}
