using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Testing;
using LocalFirst.Guard.Policies.Yaml;

namespace LocalFirst.Guard.Portal.Editing;

/// <summary>A policy as somebody typed it.</summary>
/// <param name="Name">Name of the policy that is changed; null for a new one, which is called what its text says.</param>
/// <param name="Base">Version that the text builds on; 0 for a new one.</param>
/// <param name="Text">The YAML.</param>
/// <param name="Tests">Its examples (<c>*.tests.yaml</c>); empty for none.</param>
internal sealed record PolicyDraft(string? Name, long Base, string Text, string Tests);

/// <summary>Saves policies. Nothing is stored that a device could not obey, and nothing that its own examples contradict.</summary>
internal sealed class PolicyEditor(IFleetStore store, IServerJournal journal, TimeProvider time)
{
    /// <summary>Failed examples that are told at once.</summary>
    private const int MostFailures = 5;

    public async Task<EditResult> SaveAsync(PolicyDraft draft, string person, CancellationToken cancellation)
    {
        // 1  It is a policy, under its own name.
        if ((TypedText.TooLong(draft.Text, EditProblem.Policy) ?? TypedText.TooLong(draft.Tests, EditProblem.Tests)) is { } tooLong)
        {
            return EditResult.Of(tooLong);
        }

        Policy policy;
        try
        {
            policy = PolicyFile.Parse(draft.Text, EditProblem.Policy);
        }
        catch (YamlFileException e)
        {
            return EditResult.Of(EditProblem.Of(EditProblem.Policy, e));
        }

        if (WrongName(draft, policy) is { } wrong)
        {
            return EditResult.Of(wrong);
        }

        // 2  It decides what its examples say.
        if (Contradicted(draft, policy) is { } contradicted)
        {
            return EditResult.Of(contradicted);
        }

        // 3  It builds on the newest version.
        var newest = await store.FindDocumentAsync(FleetDocument.PolicyKind, policy.Name, cancellation);
        if (newest is not null && draft.Name is null)
        {
            return EditResult.Of(new EditProblem(EditProblem.Policy, LineOf(draft.Text, "name:"), "name", string.Create(CultureInfo.InvariantCulture, $"There is a policy '{policy.Name}' already, version {newest.Version} by {newest.By}."), "Give yours another name, or open that policy and change it there."));
        }

        if (newest is not null && newest.Version != draft.Base)
        {
            return EditResult.Conflict(newest);
        }

        // 4  Written down before it holds, like everything in this product.
        if (newest?.Hash != policy.Hash)
        {
            var version = (newest?.Version ?? 0) + 1;
            var next = new FleetDocument(FleetDocument.PolicyKind, policy.Name, version, draft.Text, policy.Hash, person, time.GetUtcNow());
            await journal.RecordAsync("policy-changed", string.Create(CultureInfo.InvariantCulture, $"Policy {policy.Name}: version {version} follows {version - 1}, SHA-256 {policy.Hash}."), person, cancellation);
            try
            {
                await store.AddDocumentAsync(next, cancellation);
            }
            catch (FleetConflictException)
            {
                await journal.RecordAsync("policy-not-changed", string.Create(CultureInfo.InvariantCulture, $"Policy {policy.Name}: somebody else's version {version} came first, so this one was not stored."), person, cancellation);
                return EditResult.Conflict((await store.FindDocumentAsync(FleetDocument.PolicyKind, policy.Name, cancellation))!);
            }

            newest = next;
        }

        await SaveTestsAsync(policy.Name, draft.Tests, person, cancellation);
        return EditResult.Of(newest!);
    }

    private static EditProblem? WrongName(PolicyDraft draft, Policy policy) => draft.Name switch
    {
        // A policy of the fleet stays what it is when a later version of guard brings a built-in one of its name, but nobody makes one by mistake.
        null when PolicyFile.BuiltInNames.Contains(policy.Name, StringComparer.Ordinal) =>
            new EditProblem(EditProblem.Policy, LineOf(draft.Text, "name:"), "name", $"'{policy.Name}' is the name of a built-in policy, which would be replaced for everybody who has it.", $"Give yours another name, such as {policy.Name}-ours, and assign that."),
        { } name when name != policy.Name =>
            new EditProblem(EditProblem.Policy, LineOf(draft.Text, "name:"), "name", $"The text calls itself '{policy.Name}', but this is the policy '{name}'.", $"Write 'name: {name}', or make a new policy of this text."),
        _ => null,
    };

    private static EditProblem? Contradicted(PolicyDraft draft, Policy policy)
    {
        if (draft.Tests.Length == 0)
        {
            return null;
        }

        try
        {
            var failed = new PolicyTestFile(EditProblem.Tests, policy, PolicyTestFile.Parse(Encoding.UTF8.GetBytes(draft.Tests), EditProblem.Tests)).Run().Where(r => r.Failure is not null).ToList();
            return failed.Count == 0
                ? null
                : new EditProblem(
                    EditProblem.Tests,
                    failed[0].Case.Place.Line,
                    failed[0].Case.Place.Field,
                    string.Create(CultureInfo.InvariantCulture, $"{failed.Count} of the tests failed. {string.Join(' ', failed.Take(MostFailures).Select(f => $"'{f.Case.Name}' (line {f.Case.Place.Line}): {f.Failure}."))}"),
                    "Change the policy until it does what the tests say, or the tests if they ask for the wrong thing.");
        }
        catch (YamlFileException e)
        {
            return EditProblem.Of(EditProblem.Tests, e);
        }
    }

    // Kept with the policy for whoever changes it next. They take no part in a verdict, so the last one who saves wins.
    private async Task SaveTestsAsync(string name, string tests, string person, CancellationToken cancellation)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tests)));
        while (true)
        {
            var newest = await store.FindDocumentAsync(FleetDocument.PolicyTestsKind, name, cancellation);
            if (newest?.Hash == hash || (newest is null && tests.Length == 0))
            {
                return;
            }

            var version = (newest?.Version ?? 0) + 1;
            await journal.RecordAsync("policy-tests-changed", string.Create(CultureInfo.InvariantCulture, $"Tests of the policy {name}: version {version}, SHA-256 {hash}."), person, cancellation);
            try
            {
                await store.AddDocumentAsync(new FleetDocument(FleetDocument.PolicyTestsKind, name, version, tests, hash, person, time.GetUtcNow()), cancellation);
                return;
            }
            catch (FleetConflictException)
            {
                // Another's came first; ours follows it.
            }
        }
    }

    private static int? LineOf(string text, string start)
    {
        var at = text.Split('\n').ToList().FindIndex(l => l.StartsWith(start, StringComparison.Ordinal));
        return at < 0 ? null : at + 1;
    }
}
