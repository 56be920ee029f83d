using System.Text;
using LocalFirst.Guard.Fleet.Bundles;
using LocalFirst.Guard.Policies;

namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>A bundle that was verified, and the policy that it makes.</summary>
/// <param name="Bundle">The bundle.</param>
/// <param name="Policy">Its policy.</param>
public sealed record VerifiedBundle(PolicyBundle Bundle, Policy Policy);

/// <summary>
/// The bundle that this device obeys, kept on disk as the signed note that it came in: it is verified again at each start, so that an edit is noticed,
/// and compared with the newest one ever obeyed, so that an older one put back is noticed. Safe for concurrent use.
/// </summary>
public sealed class BundleStore
{
    private readonly Lock _lock = new();
    private readonly MembershipFolder _folder;
    private readonly BundleVerifier _verifier;
    private readonly TimeProvider _time;
    private BundleMark? _seen;
    private volatile VerifiedBundle? _inForce;

    private BundleStore(MembershipFolder folder, BundleVerifier verifier, TimeProvider time)
    {
        _folder = folder;
        _verifier = verifier;
        _time = time;
    }

    /// <summary>The bundle in force, expired or not; null when there is none that may be obeyed.</summary>
    public VerifiedBundle? InForce => _inForce;

    /// <summary>Why what lay on disk is not obeyed; null when it is, or when nothing was ever there.</summary>
    public BundleRefusedException? RefusedAtStart { get; private set; }

    /// <summary>Reads and verifies what lies in the folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="verifier">Checks with the pinned keys.</param>
    /// <param name="time">The clock.</param>
    public static BundleStore Open(MembershipFolder folder, BundleVerifier verifier, TimeProvider time)
    {
        var store = new BundleStore(folder, verifier, time);
        store.Load();
        return store;
    }

    /// <summary>Verifies a note and obeys it from now on.</summary>
    /// <param name="note">The signed note.</param>
    /// <returns>True when its version is new.</returns>
    /// <exception cref="BundleRefusedException">It must not be obeyed; the last one stays in force.</exception>
    /// <exception cref="FleetException">It is obeyed from now on, but could not be kept on disk.</exception>
    public bool Accept(string note)
    {
        lock (_lock)
        {
            var bundle = _verifier.VerifyAfter(note, _seen, _time.GetUtcNow());
            var isNew = _inForce?.Bundle.Version != bundle.Version;
            if (_inForce is null || bundle.Mark != _inForce.Bundle.Mark)
            {
                _inForce = new VerifiedBundle(bundle, bundle.ToPolicy());
                _seen = bundle.Mark;

                // In this order: after a crash in between, the note is newer than the mark, which is accepted; the other way round nothing would be.
                MembershipFolder.Write(_folder.BundleFile, Encoding.UTF8.GetBytes(note));
                MembershipFolder.Write(_folder.SeenFile, Encoding.ASCII.GetBytes(bundle.Mark.ToString() + "\n"));
            }

            return isNew;
        }
    }

    private void Load()
    {
        try
        {
            var note = Read(_folder.BundleFile);
            var seen = Read(_folder.SeenFile);
            _seen = seen is null ? null : BundleMark.Parse(seen.TrimEnd('\n'));
            if (note is null && seen is null)
            {
                return;
            }

            if (note is null || seen is null)
            {
                throw new BundleRefusedException("gone", $"The file {(note is null ? _folder.BundleFile : _folder.SeenFile)} is gone, so that the policy bundle cannot be told from an older one.");
            }

            var bundle = _verifier.VerifyAfter(note, _seen, _time.GetUtcNow());
            _inForce = new VerifiedBundle(bundle, bundle.ToPolicy());
            _seen = bundle.Mark;
        }
        catch (BundleRefusedException e)
        {
            RefusedAtStart = e;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            RefusedAtStart = new BundleRefusedException("unreadable", $"The policy bundle in {_folder.Path} cannot be read ({e.GetType().Name}).");
        }
    }

    private static string? Read(string file) => File.Exists(file) ? File.ReadAllText(file) : null;
}
