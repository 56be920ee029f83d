using System.CommandLine;
using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Configuration;

namespace LocalFirst.Guard.Questions;

/// <summary>The options that say which period and which exchanges: those of `guard audit questions` and `guard report`.</summary>
internal sealed class QuestionOptions
{
    private readonly Option<string?> _from = new("--from") { Description = "First day, or RFC 3339 instant, in UTC (default: 30 days before the end).", HelpName = "DAY" };

    private readonly Option<string?> _to = new("--to") { Description = "Last day, or the RFC 3339 instant that no longer belongs to it, in UTC (default: today).", HelpName = "DAY" };

    private readonly Option<string?> _device = new("--device") { Description = "Only this device.", HelpName = "ID" };

    private readonly Option<string?> _person = new("--person") { Description = "Only this person's devices (on a server).", HelpName = "NAME" };

    private readonly Option<string?> _provider = new("--provider") { Description = "Only requests to this provider.", HelpName = "ID" };

    private readonly Option<string?> _client = new("--client") { Description = "Only requests of this client.", HelpName = "ID" };

    private readonly Option<string?> _database = new("--database") { Description = "A server's database (default: the one of guard.yaml, or fleet.db in the home; without one, this device's log).", HelpName = "CONNECTION" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _from, _to, _device, _person, _provider, _client, _database })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The period.</summary>
    /// <exception cref="GuardException">It is none.</exception>
    public QuestionPeriod Period(ParseResult parse) =>
        QuestionPeriod.TryParse(parse.GetValue(_from), parse.GetValue(_to), TimeProvider.System.GetUtcNow(), out var period, out var problem)
            ? period!
            : throw new GuardException($"--from, --to: {problem}", "Write --from 2026-11-01 --to 2026-11-30, or leave both out for the last 30 days.");

    public QuestionFilter Filter(ParseResult parse) => new(parse.GetValue(_device), parse.GetValue(_person), parse.GetValue(_provider), parse.GetValue(_client));

    public Task<QuestionSource> OpenAsync(ParseResult parse, CancellationToken cancellation)
    {
        var settings = SettingsFile.Load(CommonOptions.ConfigOf(parse), mustExist: parse.GetResult(CommonOptions.Config) is not null);
        return QuestionSource.OpenAsync(CommonOptions.HomeOf(parse), settings, parse.GetValue(_database), cancellation);
    }
}
