using FsCheck;
using FsCheck.Fluent;
using LocalFirst.Guard.Policies;

namespace LocalFirst.Guard.Tests.Policies;

/// <summary>Small and random policies and facts for tests.</summary>
internal static class SomePolicy
{
    public static Policy Of(params PolicyRule[] rules) => new("test", "1", new string('0', 64), "test.yaml", rules);

    public static PolicyRule Rule(string id, PolicyAction then, PolicyCondition when) => new(id, when, then, $"reason of {id}", 1);

    public static PolicyFacts Facts(string state = "complete", params FindingFact[] findings) => new()
    {
        State = state,
        Provider = "openai",
        Findings = findings,
        LocalAvailable = true,
    };

    public static FindingFact Secret(int tier = 1) => new("secrets", "github-pat", "API_KEY", tier, 0.9, "/messages/0");

    public static Gen<FindingFact> AnyFinding { get; } =
        from detector in Gen.Elements("secrets", "pii", "code", "new-detector")
        from type in Gen.Elements("API_KEY", "CREDIT_CARD", "EMAIL_ADDRESS", "PROPRIETARY_CODE", "NEW_TYPE")
        from tier in Gen.Choose(0, 5)
        from confidence in Gen.Elements(0, 0.2, 0.5, 0.9, 1, double.NaN, -1, 7)
        from place in Gen.Elements("/messages/0", "/messages/1", "/system")
        select new FindingFact(detector, "rule-" + type, type, tier, confidence, place);

    public static Gen<PolicyFacts> AnyFacts { get; } =
        from state in Gen.Elements("complete", "partial", "uninspectable", "undecodable", "new-state", "")
        from provider in Gen.Elements("openai", "anthropic")
        from client in Gen.Elements<string?>("claude-code", "codex", null)
        from phase in Gen.Elements<string?>("planning", "execution", null)
        from local in Gen.Elements(true, false)
        from findings in AnyFinding.ListOf().Resize(8)
        select new PolicyFacts
        {
            State = state,
            Provider = provider,
            Client = client,
            Phase = phase,
            LocalAvailable = local,
            LocalUnavailableReason = local ? null : "none is set up.",
            Findings = findings,
        };

    public static Gen<Policy> AnyPolicy { get; } =
        from rules in AnyRule().ListOf().Resize(6)
        select Of([.. rules.Select((r, i) => r with { Id = $"r{i}" })]);

    private static Gen<PolicyRule> AnyRule() =>
        from then in Gen.Elements(PolicyAction.Allow, PolicyAction.Redact, PolicyAction.Local, PolicyAction.Block)
        from detectors in Maybe(Gen.Elements("secrets", "pii", "code"))
        from types in Maybe(Gen.Elements("*", "API_KEY", "CREDIT_CARD", "EMAIL_ADDRESS"))
        from tiers in Maybe(Gen.Choose(1, 4))
        from confidence in Gen.Elements<ConfidenceRange?>(null, null, new(">=", 0.5), new(">", 0), new("<", 0.5), new("<=", 1))
        from states in Maybe(Gen.Elements("complete", "partial", "uninspectable", "undecodable"))
        from phases in Maybe(Gen.Elements("planning", "execution", "unknown", "*"))
        from clients in Maybe(Gen.Elements("claude-code", "unknown", "*"))
        from providers in Maybe(Gen.Elements("openai", "anthropic", "*"))
        select Rule("r", then, new PolicyCondition
        {
            Detectors = detectors,
            Types = types,
            Tiers = tiers,
            Confidence = confidence,
            States = states,
            Phases = phases,
            Clients = clients,
            Providers = providers,
        });

    private static Gen<IReadOnlyList<T>?> Maybe<T>(Gen<T> gen) =>
        from some in Gen.Elements(true, false, false)
        from values in gen.NonEmptyListOf().Resize(3)
        select some ? (IReadOnlyList<T>)[.. values] : null;
}
