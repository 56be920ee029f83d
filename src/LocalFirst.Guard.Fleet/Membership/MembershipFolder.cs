using System.Text.Json;
using LocalFirst.Guard.Audit.Keys;

namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>The folder of a home that holds what the device pinned (<c>fleet.json</c>) and the policy bundle that it obeys.</summary>
/// <param name="path">Absolute path.</param>
public sealed class MembershipFolder(string path)
{
    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Absolute path.</summary>
    public string Path { get; } = path;

    /// <summary>What the device pinned.</summary>
    public string MembershipFile => System.IO.Path.Combine(Path, "fleet.json");

    /// <summary>The signed note of the bundle that is obeyed.</summary>
    public string BundleFile => System.IO.Path.Combine(Path, "bundle.note");

    /// <summary>The newest bundle that was ever obeyed: its version and time.</summary>
    public string SeenFile => System.IO.Path.Combine(Path, "bundle.seen");

    /// <summary>What the device pinned; null when it belongs to no fleet.</summary>
    /// <exception cref="FleetException">It is there and cannot be used.</exception>
    public FleetMembership? Read()
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(MembershipFile);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FleetException(FleetProblem.Membership, $"The membership {MembershipFile} cannot be read ({e.GetType().Name}).", "Check that the file is yours.");
        }

        try
        {
            var membership = JsonSerializer.Deserialize<FleetMembership>(content, Form);
            if (membership is { Version: FleetMembership.Form, Server: { IsAbsoluteUri: true } server, Fleet.Length: > 0, Name: not null, Device.Length: 32, PolicyKey: not null, WitnessKey: not null, Person: not null }
                && ServerAddress.IsAllowed(server))
            {
                _ = membership.Verifier();
                _ = membership.Witness();
                return membership;
            }
        }
        catch (Exception e) when (e is JsonException or FormatException or NotSupportedException)
        {
            // Said below.
        }

        throw new FleetException(FleetProblem.Membership, $"The membership {MembershipFile} is damaged, or of a newer version of guard.", "Enrol again: guard enroll URL --again. Until then nothing is guarded by the fleet's policy, so the broker does not start.");
    }

    /// <summary>Keeps it, whole or not at all, readable by its owner alone.</summary>
    /// <param name="membership">What was pinned.</param>
    /// <exception cref="Audit.AuditException">It cannot be written.</exception>
    public void Save(FleetMembership membership)
    {
        PrivateFile.EnsureFolder(Path);
        Write(MembershipFile, JsonSerializer.SerializeToUtf8Bytes(membership, Form));
    }

    /// <summary>Forgets the bundle, and how new it was.</summary>
    public void ForgetBundle()
    {
        File.Delete(BundleFile);
        File.Delete(SeenFile);
    }

    /// <summary>Forgets everything.</summary>
    public void Remove()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    internal static void Write(string file, byte[] content)
    {
        try
        {
            PrivateFile.Replace(file, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FleetException(FleetProblem.Membership, $"The file {file} cannot be written ({e.GetType().Name}).", "Check that the folder is yours and writable, and that the disk is not full.");
        }
    }
}
