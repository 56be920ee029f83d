using LocalFirst.Guard.Audit.Notes;

namespace LocalFirst.Guard.Fleet.Bundles;

/// <summary>A bundle was not accepted; the last good one stays in force. The message is a sentence for people.</summary>
/// <param name="cause">A word for the kind of cause: equal for what is refused again for the same reason.</param>
/// <param name="message">Why.</param>
public sealed class BundleRefusedException(string cause, string message) : Exception(message)
{
    /// <summary>A word for the kind of cause.</summary>
    public string Cause { get; } = cause;
}

/// <summary>Checks bundles on the device, with what it pinned when it enrolled.</summary>
/// <param name="key">The server's bundle key.</param>
/// <param name="fleet">The fleet's id.</param>
/// <param name="device">This device's id.</param>
public sealed class BundleVerifier(VerifierKey key, string fleet, string device)
{
    /// <summary>How far the server's clock may be ahead of ours.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>The bundle of a note, if this device may obey it. Expiry is not checked: an expired bundle still says what happens then.</summary>
    /// <param name="note">The signed note.</param>
    /// <param name="last">The bundle accepted last; null before the first.</param>
    /// <param name="now">The time here.</param>
    /// <exception cref="BundleRefusedException">It must not be obeyed.</exception>
    public PolicyBundle Verify(string note, PolicyBundle? last, DateTimeOffset now) => VerifyAfter(note, last?.Mark, now);

    /// <summary>As <see cref="Verify"/>, where of the last bundle only its mark is known.</summary>
    /// <param name="note">The signed note.</param>
    /// <param name="last">Mark of the newest bundle ever accepted; null before the first.</param>
    /// <param name="now">The time here.</param>
    /// <exception cref="BundleRefusedException">It must not be obeyed.</exception>
    public PolicyBundle VerifyAfter(string note, BundleMark? last, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(note);
        if (note.Length > PolicyBundle.MaxLength)
        {
            throw new BundleRefusedException("too-long", $"The policy bundle is longer than {PolicyBundle.MaxLength} characters.");
        }

        PolicyBundle bundle;
        try
        {
            var signed = SignedNote.Parse(note);
            var verdict = signed.Verify(key);
            if (verdict != NoteVerdict.Good)
            {
                throw new BundleRefusedException(verdict == NoteVerdict.Bad ? "changed" : "other-key", verdict == NoteVerdict.Bad
                    ? "The signature of the policy bundle does not hold: it was changed on its way."
                    : "The policy bundle is not signed with the key of this fleet that was pinned at enrolment.");
            }

            bundle = PolicyBundle.Parse(signed.Text);
        }
        catch (FormatException e)
        {
            throw new BundleRefusedException("unsigned", $"The server's answer is not a signed policy bundle: {e.Message}");
        }

        if (bundle.Fleet != fleet || bundle.Device != device)
        {
            throw new BundleRefusedException("other-device", "The policy bundle is for another device or fleet.");
        }

        if (last is { } seen && (bundle.Version < seen.Version || (bundle.Version == seen.Version && bundle.Issued < seen.Issued)))
        {
            throw new BundleRefusedException("older", $"The policy bundle is older than the one that was obeyed before (version {bundle.Version} of {bundle.Issued:u}, before {seen.Version} of {seen.Issued:u}).");
        }

        if (bundle.Issued > now + ClockTolerance)
        {
            throw new BundleRefusedException("future", $"The policy bundle is from the future ({bundle.Issued:u}; here it is {now:u}): set this machine's clock.");
        }

        try
        {
            _ = bundle.ToPolicy();
        }
        catch (Exception e) when (e is LocalFirst.Guard.Policies.Yaml.YamlFileException or ArgumentOutOfRangeException)
        {
            throw new BundleRefusedException("unreadable", $"The policy bundle {bundle.Version} holds a policy that this version of guard cannot read: {e.Message}");
        }

        return bundle;
    }
}
