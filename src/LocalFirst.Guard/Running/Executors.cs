using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.LocalModels.Endpoints;
using LocalFirst.Guard.LocalModels.Hosting;
using LocalFirst.Guard.LocalModels.Library;

namespace LocalFirst.Guard.Running;

/// <summary>The executor that a home asks for: the first entry of <c>models:</c> in guard.yaml, else what <c>guard model use</c> chose.</summary>
internal static class Executors
{
    public static IChatExecutor Create(GuardHome home, GuardSettings settings)
    {
        if (settings.Models is not [var chosen, ..])
        {
            return ExecutorFactory.Create(home.Models, home.Run);
        }

        if (chosen.Url is { } address)
        {
            return new OpenAiCompatibleExecutor(address.AbsoluteUri, chosen.Model ?? "default");
        }

        var host = new ModelHostSupervisor(new HostSettings(
            new ModelLibrary(home.Models).PathOf(chosen.Name ?? ""),
            home.Run,
            chosen.Natives,
            chosen.Context ?? 0));
        return chosen.RequireConfinement ? new ConfinedExecutor(host) : host;
    }
}
