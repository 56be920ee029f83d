using System.CommandLine;
using System.Globalization;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Fleet.Api;
using LocalFirst.Guard.Fleet.Bundles;
using LocalFirst.Guard.Fleet.Membership;
using LocalFirst.Guard.MachineSetup.Processes;
using LocalFirst.Guard.Running;

namespace LocalFirst.Guard.Commands;

/// <summary><c>guard enroll URL</c>: this device joins a fleet, or leaves it.</summary>
internal static class EnrollCommand
{
    private const int LongestName = 64;

    /// <summary>For the record that the device left; a fleet that cannot be reached does not hold it.</summary>
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(10);

    private static readonly Argument<string?> Url = new("URL") { Description = "Address of the fleet's server (default: 'server' of guard.yaml).", Arity = ArgumentArity.ZeroOrOne };

    private static readonly Option<bool> Yes = new("--yes") { Description = "Agree to what the server says of itself, without being asked." };

    private static readonly Option<bool> DeviceCode = new("--device-code") { Description = "Sign in with a browser on another machine. The last way: it proves nothing about this device, and many companies forbid it." };

    private static readonly Option<bool> Again = new("--again") { Description = "Start afresh: forget the fleet, keys and policy that were pinned before." };

    private static readonly Option<bool> Leave = new("--leave") { Description = "Leave the fleet. It is recorded, and the record is sent to the server." };

    private static readonly Option<string?> Name = new("--name") { Description = "Name of this device, for people (default: the machine's).", HelpName = "NAME" };

    public static Command Create()
    {
        var command = GuardCommandLine.Describe("enroll", "Join a fleet: get its policy, send it this device's log.", "guard enroll https://guard.example.com");
        command.Arguments.Add(Url);
        command.Options.Add(Yes);
        command.Options.Add(DeviceCode);
        command.Options.Add(Again);
        command.Options.Add(Leave);
        command.Options.Add(Name);
        command.SetAction((parse, cancellation) => parse.GetValue(Leave) ? LeaveAsync(parse, cancellation) : EnrollAsync(parse, cancellation));
        return command;
    }

    private static async Task<int> EnrollAsync(ParseResult parse, CancellationToken cancellation)
    {
        // The access token is in memory for a moment.
        ProcessHardening.ForbidDumps();
        var home = CommonOptions.HomeOf(parse);
        var server = ServerOf(parse);
        var isAgain = parse.GetValue(Again);
        var name = NameOf(parse.GetValue(Name));

        // 1  Who is it?
        home.EnsureExists();
        using var identity = DeviceIdentity.Open(home.Keys);
        var enrolment = new Enrolment(new MembershipFolder(home.Membership), identity, TimeProvider.System);
        var fleet = await enrolment.DescribeAsync(server, isAgain, cancellation);
        Console.WriteLine($"""
            Fleet       {PlainText.Of(fleet.Name)} ({PlainText.Of(fleet.Fleet)})
            Server      {server}
            Sign-in at  {PlainText.Of(fleet.Authority)}
            Policy key  {PlainText.Of(fleet.PolicyKey)}
            This fleet decides which policy holds on this device, and gets a copy of its log: places, rules and sizes, never prompts or what was found.
            """);
        if (!Agrees(parse.GetValue(Yes), "Join it?"))
        {
            return GuardCommandLine.ErrorExitCode;
        }

        // 2  Who are you?
        using var http = new HttpClient();
        var signIn = new PersonSignIn(fleet, http);
        var person = parse.GetValue(DeviceCode)
            ? await signIn.WithDeviceCodeAsync(ShowCodeAsync, cancellation)
            : await signIn.WithBrowserAsync(OpenAsync, cancellation);

        // 3  Join.
        var (membership, bundle) = await JoinAsync(enrolment, server, fleet, person, name, isAgain, cancellation);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {PlainText.Of(membership.Person)} enrolled this device ({PlainText.Of(name)}, {membership.Device}) in {PlainText.Of(membership.Name)}.
            Policy {bundle.Policy.Name} {bundle.Policy.Version} holds from now (bundle {bundle.Bundle.Version}, until {bundle.Bundle.Expires:u} if the server is not heard).
            """));
        Console.WriteLine(RunningBroker.Read(home.Run) is { } running && UnixSignal.Exists(running.Pid)
            ? $"A broker runs in this home (process {running.Pid}): start it again, so that it obeys the fleet."
            : "guard run takes it from here.");
        return 0;
    }

    private static async Task<(FleetMembership Membership, VerifiedBundle Bundle)> JoinAsync(
        Enrolment enrolment, Uri server, FleetDescription fleet, SignedInPerson person, string name, bool isAgain, CancellationToken cancellation)
    {
        try
        {
            return await enrolment.EnrolAsync(server, fleet, person, name, isAgain, cancellation);
        }
        catch (BundleRefusedException e)
        {
            throw new GuardException($"The server's policy must not be obeyed: {e.Message}", "Show this to your security team. If the server was set up anew, enrol with --again.");
        }
    }

    private static async Task<int> LeaveAsync(ParseResult parse, CancellationToken cancellation)
    {
        var home = CommonOptions.HomeOf(parse);
        var folder = new MembershipFolder(home.Membership);
        var membership = folder.Read()
            ?? throw new GuardException("This device belongs to no fleet.", "Nothing has to be done; guard enroll URL joins one.");
        if (!Agrees(parse.GetValue(Yes), $"Leave the fleet {PlainText.Of(membership.Name)}? The local policy holds then."))
        {
            return GuardCommandLine.ErrorExitCode;
        }

        // Only with the log open, which a running broker would hold: nobody leaves without a record of it.
        var time = TimeProvider.System;
        var options = new AuditLogOptions { DatabasePath = home.AuditDatabase, KeysFolder = home.Keys };
        await using var log = await AuditLog.OpenAsync(options, cancellation);
        await log.AppendAsync(new EventRecord { Time = time.GetUtcNow(), Name = "fleet-left", Detail = $"This device left the fleet {membership.Fleet} of {membership.Server.Authority}; the local policy holds." }, cancellation);
        var told = await TellAsync(membership, options, log, home, cancellation);
        folder.Remove();
        Console.WriteLine($"This device left {PlainText.Of(membership.Name)}.{(told ? "" : " The server could not be told.")} It stays in the fleet's list until an administrator revokes it.");
        return 0;
    }

    private static async Task<bool> TellAsync(FleetMembership membership, AuditLogOptions options, AuditLog log, GuardHome home, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(FarewellLimit);
        using var identity = DeviceIdentity.Open(home.Keys);
        using var client = FleetClient.Signed(membership.Server, identity, TimeProvider.System);
        var journal = new FleetJournal(log, TimeProvider.System, _ => { });
        try
        {
            return await new LogUpload(client, options, membership.Device, membership.Witness(), journal, TimeProvider.System, Random.Shared).TryAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private static Uri ServerOf(ParseResult parse)
    {
        var configured = SettingsFile.Load(CommonOptions.ConfigOf(parse), mustExist: parse.GetResult(CommonOptions.Config) is not null).Server;
        if (parse.GetValue(Url) is not { } text)
        {
            return configured is null
                ? throw new GuardException("It is not said which fleet to join.", "Write the address of its server: guard enroll https://guard.example.com")
                : ServerAddress.Parse(configured.AbsoluteUri);
        }

        var server = ServerAddress.Parse(text);
        return configured is null || ServerAddress.AreSame(configured, server)
            ? server
            : throw new GuardException($"guard.yaml names another fleet server, {configured.Authority}.", "Leave the URL out to enrol with that one, or change 'server' in guard.yaml first.");
    }

    private static string NameOf(string? option)
    {
        var name = (option ?? Environment.MachineName).Trim();
        if (option is null && (name.Length is 0 or > LongestName || name.Any(char.IsControl)))
        {
            return "device";
        }

        return name.Length is > 0 and <= LongestName && !name.Any(char.IsControl)
            ? name
            : throw new GuardException($"--name: the device's name has 1 to {LongestName} characters, none of them a control character.", "Write a shorter one, such as ada-laptop.");
    }

    private static bool Agrees(bool isAgreed, string question)
    {
        if (isAgreed)
        {
            return true;
        }

        if (Console.IsInputRedirected)
        {
            throw new GuardException("This needs your answer, and there is no terminal to ask on.", "Run it in a terminal, or add --yes once you have checked what is written above.");
        }

        Console.Write($"{question} [y/N] ");
        if (Console.ReadLine()?.Trim() is "y" or "Y" or "yes")
        {
            return true;
        }

        Console.Error.WriteLine("guard: nothing was changed.");
        return false;
    }

    private static Task OpenAsync(Uri address)
    {
        var isOpen = SystemBrowser.TryOpen(address, Environment.GetEnvironmentVariable);
        Console.WriteLine($"{(isOpen ? "Sign in in the browser that opens now, or open this address on this machine:" : "No browser could be started. Open this address on this machine and sign in:")}\n  {address.AbsoluteUri}");
        return Console.Out.FlushAsync();
    }

    private static Task ShowCodeAsync(string address, string code)
    {
        Console.WriteLine($"Open {PlainText.Of(address)} on any machine, type the code {PlainText.Of(code)} and sign in. Never do this for a code that somebody else sent you.");
        return Console.Out.FlushAsync();
    }
}
