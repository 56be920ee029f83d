using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Policies.Yaml;

namespace LocalFirst.Guard.Portal.Editing;

/// <summary>Saves assignments, where they are kept in the database.</summary>
internal sealed class AssignmentEditor(IFleetStore store, IAssignmentSource source, IServerJournal journal, TimeProvider time)
{
    /// <summary>Saves a text.</summary>
    /// <param name="basis">Version that it builds on; 0 for the first.</param>
    /// <param name="text">The YAML.</param>
    /// <param name="person">Sign-in name of who saves it.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public async Task<EditResult> SaveAsync(long basis, string text, string person, CancellationToken cancellation)
    {
        // 1  They may be changed here at all.
        if ((await source.ReadAsync(cancellation)).File is not null)
        {
            return EditResult.Of(new EditProblem(EditProblem.Assignments, null, "", "The assignments come from a file of the server, which the portal does not write.", "Change that file; it is read again at once."));
        }

        // 2  They are assignments, of policies that exist.
        if (TypedText.TooLong(text, EditProblem.Assignments) is { } tooLong)
        {
            return EditResult.Of(tooLong);
        }

        int count;
        try
        {
            var set = AssignmentFile.Parse(text, EditProblem.Assignments);
            (await LibraryAsync(cancellation)).Check(set, EditProblem.Assignments);
            count = set.Assignments.Count;
        }
        catch (YamlFileException e)
        {
            return EditResult.Of(EditProblem.Of(EditProblem.Assignments, e));
        }

        // 3  They build on the newest version.
        var newest = await NewestAsync(cancellation);
        if (newest is not null && newest.Version != basis)
        {
            return EditResult.Conflict(newest);
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        if (newest?.Hash == hash)
        {
            return EditResult.Of(newest);
        }

        // 4  Written down before they hold.
        var version = (newest?.Version ?? 0) + 1;
        var next = new FleetDocument(FleetDocument.AssignmentsKind, FleetDocument.AssignmentsKind, version, text, hash, person, time.GetUtcNow());
        await journal.RecordAsync("assignments-changed", string.Create(CultureInfo.InvariantCulture, $"Version {version} of the assignments, {count} in all, SHA-256 {hash}."), person, cancellation);
        try
        {
            await store.AddDocumentAsync(next, cancellation);
            return EditResult.Of(next);
        }
        catch (FleetConflictException)
        {
            await journal.RecordAsync("assignments-not-changed", string.Create(CultureInfo.InvariantCulture, $"Somebody else's version {version} came first, so this one was not stored."), person, cancellation);
            return EditResult.Conflict((await NewestAsync(cancellation))!);
        }
    }

    /// <summary>Every policy that can be assigned.</summary>
    /// <param name="cancellation">Stops reading.</param>
    public async Task<PolicyLibrary> LibraryAsync(CancellationToken cancellation) =>
        new((await store.ListDocumentsAsync(FleetDocument.PolicyKind, cancellation)).ToDictionary(d => d.Name, d => d.Text, StringComparer.Ordinal));

    private Task<FleetDocument?> NewestAsync(CancellationToken cancellation) => store.FindDocumentAsync(FleetDocument.AssignmentsKind, FleetDocument.AssignmentsKind, cancellation);
}
