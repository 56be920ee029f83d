using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;

namespace LocalFirst.Guard.Fleet.SignIn;

/// <summary>
/// Asks the directory whether it is there, for <c>/readyz</c>. The sign-in itself keeps the directory's metadata for hours, so it would not notice an
/// outage before somebody wants to sign in. Everybody may ask <c>/readyz</c>, so an answer holds for a while and only one question is under way.
/// </summary>
/// <param name="bearer">Where the directory's metadata lie.</param>
/// <param name="directory">What is configured.</param>
/// <param name="time">The clock.</param>
public sealed class DirectoryProbe(IOptionsMonitor<JwtBearerOptions> bearer, DirectorySettings directory, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _one = new(1);
    private DateTimeOffset _until;
    private SignInProblem? _last;

    /// <summary>What is the matter with the directory; null when it is well.</summary>
    /// <param name="cancellation">Stops waiting.</param>
    public async Task<SignInProblem?> AskAsync(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (_until <= time.GetUtcNow())
            {
                // Not the asker's token: who hangs up must not leave "unreachable" behind.
                using var limit = new CancellationTokenSource(Patience);
                _last = await TryAsync(limit.Token);
                _until = time.GetUtcNow() + Hold;
            }

            return _last;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task<SignInProblem?> TryAsync(CancellationToken cancellation)
    {
        var options = bearer.Get(JwtBearerDefaults.AuthenticationScheme);
        try
        {
            using var answer = await options.Backchannel.GetAsync(new Uri(options.MetadataAddress!), HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!answer.IsSuccessStatusCode)
            {
                return (int)answer.StatusCode >= 500 ? SignInProblem.Unreachable : SignInProblem.NoDirectory;
            }

            var metadata = await options.ConfigurationManager!.GetConfigurationAsync(cancellation);
            return directory.IsGeneric && metadata.Issuer != directory.Authority ? SignInProblem.Issuer : null;
        }
        catch (Exception e) when (e is HttpRequestException or InvalidOperationException or OperationCanceledException)
        {
            var problem = SignInProblem.Of(e);
            return problem == SignInProblem.Other ? SignInProblem.Unreachable : problem;
        }
    }
}
