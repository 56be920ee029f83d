using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Questions;

/// <summary>Where answers come from: this device's log, or on a server's home the logs of its fleet.</summary>
/// <param name="Questions">Answers over these records.</param>
/// <param name="IsFleet">Whether they are a fleet's.</param>
internal sealed record QuestionSource(TwoQuestions Questions, bool IsFleet)
{
    /// <summary>
    /// Opens what the home is about. It is a server's when a database is named, by the flag or in <c>guard.yaml</c>, or when its SQLite file lies there; a
    /// server's home has a log of its own besides, of what people did in its portal, and nobody asks that one the two questions.
    /// </summary>
    /// <param name="home">State folder.</param>
    /// <param name="settings">What <c>guard.yaml</c> says.</param>
    /// <param name="database">The value of <c>--database</c>; null when it is not given.</param>
    /// <param name="cancellation">Stops opening.</param>
    public static async Task<QuestionSource> OpenAsync(GuardHome home, GuardSettings settings, string? database, CancellationToken cancellation)
    {
        var file = Path.Combine(home.Root, "fleet.db");
        var named = database ?? settings.Fleet.Database ?? (File.Exists(file) ? file : null);
        return named is null
            ? new QuestionSource(await OpenDeviceAsync(home, settings, cancellation), IsFleet: false)
            : new QuestionSource(Over((await FleetDatabase.OpenAsync(named, TimeProvider.System, cancellation)).Records, settings.Plans), IsFleet: true);
    }

    /// <summary>Over this device's log.</summary>
    /// <param name="home">State folder.</param>
    /// <param name="settings">What <c>guard.yaml</c> says.</param>
    /// <param name="cancellation">Stops opening.</param>
    public static async Task<TwoQuestions> OpenDeviceAsync(GuardHome home, GuardSettings settings, CancellationToken cancellation) =>
        Over(await AuditReader.OpenAsync(new AuditLogOptions { DatabasePath = home.AuditDatabase, KeysFolder = home.Keys }, cancellation), settings.Plans);

    /// <summary>Over any records.</summary>
    /// <param name="records">The records.</param>
    /// <param name="plans">The administrator's inventory.</param>
    public static TwoQuestions Over(IRecordSource records, IReadOnlyDictionary<string, IReadOnlyList<string>> plans) =>
        new(records, new CatalogueTerms(ProviderCatalogue.LoadBuiltIn(), TermsCatalogue.LoadBuiltIn(), plans));
}
