using LocalFirst.Guard.Inspection.SourceCode;
using LocalFirst.Guard.LocalModels.DemoModel;
using LocalFirst.Guard.LocalModels.Library;

namespace LocalFirst.Guard.Demo;

/// <summary>Fills the demo's throw-away home: the demo model, chosen, and an index of a small company repository.</summary>
internal static class DemoHome
{
    public static void Prepare(GuardHome home, string folder)
    {
        DemoModelWriter.EnsureIn(home.Models);
        new ModelSelection(DemoModelWriter.Name).Save(home.Models);

        var repository = Directory.CreateDirectory(Path.Combine(folder, "settlement")).FullName;
        File.WriteAllText(Path.Combine(repository, "ClearingWindowPlanner.cs"), DemoRequests.CompanyCode);
        GuardHome.CreatePrivate(home.Keys);
        new CodeIndexFile(home.CodeIndex, Path.Combine(home.Keys, CodeIndexFile.KeyFileName)).Build([repository], [], DateTimeOffset.UtcNow, null, CancellationToken.None);
    }
}
