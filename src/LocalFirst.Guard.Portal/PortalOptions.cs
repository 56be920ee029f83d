using System.Net;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Portal.Reports;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Portal;

/// <summary>What the portal needs from its host.</summary>
public sealed record PortalOptions
{
    /// <summary>Where to listen: a loopback address; port 0 takes a free one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>Reads the log.</summary>
    public required IAuditReader Audit { get; init; }

    /// <summary>Answers the two questions over the same log; null where the portal has no such page.</summary>
    public TwoQuestions? Questions { get; init; }

    /// <summary>Makes reports over the same log; null where the portal has no such page.</summary>
    public IReportDesk? Reports { get; init; }

    /// <summary>The state shown at the top of every page; asked for at each page.</summary>
    public required Func<PortalStatus> Status { get; init; }

    /// <summary>The records that money is counted over; null where the host has none to give.</summary>
    public IRecordSource? Records { get; init; }

    /// <summary>What models cost, for what a period would have cost without prompt caches; null for the prices that ship.</summary>
    public PriceCatalogue? Prices { get; init; }

    /// <summary>The monthly budget of the policy in force, in US dollars; asked for at each page.</summary>
    public Func<decimal?> BudgetUsd { get; init; } = () => null;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>The state of the broker, for the top of every page. Shown as plain text.</summary>
/// <param name="Policy">Name of the policy in force.</param>
/// <param name="PolicyVersion">Its version.</param>
/// <param name="LocalModel">What answers locally, or why nothing does.</param>
/// <param name="LocalModelReady">Whether something does.</param>
/// <param name="Confinement">How the model's process is confined, for example <c>own user and network namespace</c> or <c>unconfined</c>.</param>
/// <param name="Confined">Whether it is; null when no process of ours runs a model.</param>
/// <param name="Proxy">Address of the proxy.</param>
/// <param name="Fleet">The fleet and its bundle in force; null on a device of no fleet.</param>
/// <param name="FleetWell">Whether the fleet's policy holds and its server answers.</param>
public sealed record PortalStatus(string Policy, string PolicyVersion, string LocalModel, bool LocalModelReady, string Confinement, bool? Confined, string Proxy, string? Fleet = null, bool FleetWell = true);

/// <summary>The portal cannot do what was asked. The message says what, where and what to do next.</summary>
/// <param name="what">What was wrong and where.</param>
/// <param name="next">What to do next.</param>
public sealed class PortalException(string what, string next) : Exception($"{what}\n  → {next}");
