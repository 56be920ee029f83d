namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>No exception in <c>NO_PROXY</c> leads providers past the broker.</summary>
/// <param name="providerHosts">Hosts of the providers that the broker reads.</param>
/// <param name="read">Reads a variable.</param>
public sealed class NoProxyCheck(IReadOnlyList<string> providerHosts, Func<string, string?> read) : IDoctorCheck
{
    private static readonly char[] Separators = [',', ' '];

    /// <inheritdoc/>
    public string Name => "no-proxy";

    /// <inheritdoc/>
    public Task<CheckResult> RunAsync(CancellationToken cancellation)
    {
        foreach (var name in new[] { "NO_PROXY", "no_proxy" })
        {
            var entries = (read(name) ?? "").Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (entries.FirstOrDefault(e => providerHosts.Any(h => Covers(e, h))) is { } bypass)
            {
                return Task.FromResult(CheckResult.Fail($"{name} has `{bypass}`, which leads a provider past the broker.", $"Take `{bypass}` out of {name}."));
            }
        }

        return Task.FromResult(CheckResult.Ok("NO_PROXY leads no provider past the broker."));
    }

    /// <summary>The union of what clients take an entry for: everything, a host, a suffix with or without a dot or star, with or without a port.</summary>
    private static bool Covers(string entry, string host)
    {
        if (entry == "*")
        {
            return true;
        }

        var name = entry.Split(':')[0].TrimStart('*').TrimStart('.').TrimEnd('.');
        return name.Length > 0
            && (host.Equals(name, StringComparison.OrdinalIgnoreCase) || host.EndsWith($".{name}", StringComparison.OrdinalIgnoreCase));
    }
}
