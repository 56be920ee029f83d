using System.Security.Claims;
using LocalFirst.Guard.Audit.Fleet;

namespace LocalFirst.Guard.Fleet.SignIn;

/// <summary>Keeps what people's tokens tell, and writes down who came in and who did not.</summary>
/// <param name="store">The fleet.</param>
/// <param name="journal">The server's own log.</param>
/// <param name="time">The clock.</param>
public sealed class SignInDesk(IFleetStore store, IServerJournal journal, TimeProvider time)
{
    /// <summary>Failed sign-ins that are written down in a minute. Anybody in the network can fail, and every one written down stays for ever.</summary>
    internal const int FailuresAMinute = 20;

    private readonly Lock _lock = new();
    private DateTimeOffset _minute;
    private int _failures;
    private int _unwritten;

    /// <summary>A person signed in to the portal.</summary>
    /// <param name="principal">The person.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public async Task WelcomeAsync(ClaimsPrincipal principal, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(principal);
        if (TokenPerson.Of(principal, time.GetUtcNow()) is not { } person)
        {
            return;
        }

        // Groups that the token left out would look like groups that the person left.
        if (!TokenPerson.HasGroupOverage(principal))
        {
            await store.SavePersonAsync(person, cancellation);
        }

        await journal.RecordAsync("portal-signed-in", $"Signed in; roles: {string.Join(", ", principal.FindAll("roles").Select(r => r.Value).Order(StringComparer.Ordinal))}.", person.Name, cancellation);
    }

    /// <summary>A sign-in failed.</summary>
    /// <param name="problem">Why.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public Task RefuseAsync(SignInProblem problem, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(problem);
        string also;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (now - _minute >= TimeSpan.FromMinutes(1))
            {
                (_minute, _failures) = (now, 0);
            }

            if (++_failures > FailuresAMinute)
            {
                _unwritten++;
                return Task.CompletedTask;
            }

            also = _unwritten > 0 ? $" {_unwritten} more before this one were not written down." : "";
            _unwritten = 0;
        }

        return journal.RecordAsync("portal-sign-in-failed", problem.Title + "." + also, "", cancellation);
    }
}
