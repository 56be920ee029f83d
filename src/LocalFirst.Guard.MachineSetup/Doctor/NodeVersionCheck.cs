namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>
/// Node on this machine heeds <c>NODE_USE_ENV_PROXY</c>; an older one goes past the broker without a word (Node.js, "Enterprise network
/// configuration": since 22.21 and 24.0).
/// </summary>
/// <param name="readVersion">What <c>node --version</c> prints, or null without Node.</param>
public sealed class NodeVersionCheck(Func<CancellationToken, Task<string?>> readVersion) : IDoctorCheck
{
    /// <inheritdoc/>
    public string Name => "node";

    /// <inheritdoc/>
    public async Task<CheckResult> RunAsync(CancellationToken cancellation)
    {
        if (await readVersion(cancellation) is not { } text)
        {
            return CheckResult.Ok("Node is not installed.");
        }

        if (!Version.TryParse(text.Trim().TrimStart('v').Split('-')[0], out var version))
        {
            return CheckResult.Warn("Node does not tell its version.", "Make sure that it is 22.21, 24.0 or later.");
        }

        var heeds = version.Major switch { 22 => version.Minor >= 21, 23 => false, _ => version.Major >= 24 };
        var name = version.ToString();
        return heeds
            ? CheckResult.Ok($"Node {name} goes through the broker.")
            : CheckResult.Warn(
                $"Node {name} ignores NODE_USE_ENV_PROXY: scripts on its own fetch go past the broker.",
                "Use Node 22.21, 24.0 or later, or give the SDK the broker's base URL (OPENAI_BASE_URL, ANTHROPIC_BASE_URL).");
    }
}
