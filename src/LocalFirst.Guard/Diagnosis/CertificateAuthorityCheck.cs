using System.Globalization;
using LocalFirst.Guard.Interception.Certificates;
using LocalFirst.Guard.MachineSetup.Doctor;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Diagnosis;

/// <summary>The certificate authority vouches for the hosts of the catalogue, its root's key is gone, and its end is far.</summary>
internal sealed class CertificateAuthorityCheck(GuardHome home, TimeProvider time) : IDoctorCheck
{
    private const string NewOne = "Run guard setup --user: it makes a new authority and trusts it. Without setup, guard run does so by itself.";

    public string Name => "certificate-authority";

    public Task<CheckResult> RunAsync(CancellationToken cancellation) => Task.FromResult(Check());

    private CheckResult Check()
    {
        CertificateAuthorityState? state;
        try
        {
            state = CertificateAuthority.ReadState(home.CertificateAuthority);
        }
        catch (CertificateAuthorityException e)
        {
            return Explained.Fail(e.Message, NewOne);
        }

        if (state is null)
        {
            return CheckResult.Warn("There is no certificate authority yet.", "guard run makes it.");
        }

        var ends = state.Ends.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        if (state.HasRootKey)
        {
            return CheckResult.Fail("The root's key lies on the disk, as in older versions: whoever copies it can vouch for any host.", NewOne);
        }

        if (time.GetUtcNow() > state.Ends)
        {
            return CheckResult.Fail($"The certificate authority ended on {ends}.", NewOne);
        }

        var missing = ProviderCatalogue.LoadBuiltIn().Providers.SelectMany(p => p.Hosts).Except(state.Hosts, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (missing.Count > 0)
        {
            return CheckResult.Warn($"The certificate authority cannot vouch for {missing.Count} hosts of the catalogue, {missing[0]} the first: they are refused.", NewOne);
        }

        return time.GetUtcNow() > state.Ends - CertificateAuthority.RenewBefore
            ? CheckResult.Warn($"The certificate authority ends on {ends}.", NewOne)
            : CheckResult.Ok($"Root {state.Thumbprint[..16]}, without a key, valid until {ends}, for {state.Hosts.Count} hosts and no others; the intermediate's key: {state.KeyProtection}.");
    }
}
