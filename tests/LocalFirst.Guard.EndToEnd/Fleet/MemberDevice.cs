using System.Diagnostics;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Portal;
using LocalFirst.Guard.EndToEnd.Provider;
using Microsoft.Playwright;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>A device with a home of its own that enrols as a person would: the real command, a real browser.</summary>
internal sealed class MemberDevice : IDisposable
{
    private readonly TestFolder _home = new();
    private readonly TestFolder _tools = new();
    private readonly string? _root;

    /// <param name="root">PEM file that the device trusts; null for the system's roots alone.</param>
    public MemberDevice(string? root)
    {
        _root = root;
        File.WriteAllText(Opener, $"#!/bin/sh\nprintf '%s' \"$1\" > '{Opened}.new' && mv '{Opened}.new' '{Opened}'\n");
        File.SetUnixFileMode(Opener, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Home => _home.Path;

    /// <summary>What an operator would set: whom to trust, and which browser to start.</summary>
    public Dictionary<string, string> Environment => _root is null
        ? new Dictionary<string, string> { ["BROWSER"] = Opener }
        : new Dictionary<string, string> { ["BROWSER"] = Opener, ["SSL_CERT_FILE"] = _root };

    private string Opener => _tools.File("browser");

    private string Opened => _tools.File("opened");

    public Task ConfigureAsync(FakeProvider provider, string more = "") => GuardProcess.ConfigureAsync(Home, provider, more);

    public Task<GuardProcess> StartAsync() => GuardProcess.StartAsync(Home, environment: Environment);

    /// <summary>Runs <c>guard enroll</c> to its end where no sign-in is reached.</summary>
    public Task<CommandResult> EnrolAsync(params string[] args) => GuardCli.RunAsync(Home, ["enroll", .. args, "--home", Home], environment: Environment);

    /// <summary>Enrols: the browser that the command starts signs this person in.</summary>
    public Task<CommandResult> EnrolWithBrowserAsync(Uri server, string person, params string[] more) => EnrolAsync(server, person, more, async (chromium, _) =>
    {
        await Bounded.UntilAsync(() => Task.FromResult(File.Exists(Opened)), "the start of the browser by guard enroll");
        var page = await chromium.NewTrustingPageAsync();
        var address = await File.ReadAllTextAsync(Opened);
        File.Delete(Opened);
        await page.GotoAsync(address);
        await SignInAsync(page, person);
    });

    /// <summary>Enrols with a code that is typed into a browser somewhere else.</summary>
    public Task<CommandResult> EnrolWithCodeAsync(Uri server, string person, params string[] more) => EnrolAsync(server, person, [.. more, "--device-code"], async (chromium, output) =>
    {
        var words = (await output.WaitAsync("type the code")).Split(' ');
        var page = await chromium.NewTrustingPageAsync();
        await page.GotoAsync(words[Array.IndexOf(words, "Open") + 1]);
        await page.FillAsync("input[name=user_code]", words[Array.IndexOf(words, "code") + 1]);
        await page.ClickAsync("button[type=submit]");
        await page.ClickAsync("button[type=submit][autofocus]");
        await SignInAsync(page, person);
    });

    public void Dispose()
    {
        _home.Dispose();
        _tools.Dispose();
    }

    private static async Task SignInAsync(IPage page, string person)
    {
        await page.FillAsync("input[name=login]", person);
        await page.FillAsync("input[name=password]", "any");
        await page.ClickAsync("form:has(input[name=prompt][value=login]) button[type=submit]");
        await page.ClickAsync("form:has(input[name=prompt][value=consent]) button[type=submit]");
    }

    private async Task<CommandResult> EnrolAsync(Uri server, string person, string[] more, Func<Chromium, Output, Task> visit)
    {
        using var process = Process.Start(GuardCli.Command(Home, ["enroll", server.ToString(), "--yes", .. more, "--home", Home], Environment))!;
        try
        {
            process.StandardInput.Close();
            var output = new Output(process);
            await using (var chromium = await Chromium.StartAsync())
            {
                var visiting = visit(chromium, output);
                var ended = process.WaitForExitAsync(Bounded.Test);
                await Task.WhenAny(visiting, ended).Within($"the sign-in of {person}", TimeSpan.FromSeconds(90));
                if (visiting.IsCompleted)
                {
                    await visiting;
                }

                await ended.Within("the end of guard enroll", TimeSpan.FromSeconds(60));
            }

            return new CommandResult(process.ExitCode, await output.AllAsync(), await output.ErrorsAsync());
        }
        finally
        {
            Processes.End(process);
        }
    }

    /// <summary>What the command prints, line by line while it runs.</summary>
    internal sealed class Output
    {
        private readonly List<string> _lines = [];
        private readonly Task _reading;
        private readonly Task<string> _errors;

        public Output(Process process)
        {
            _errors = process.StandardError.ReadToEndAsync();
            _reading = Task.Run(async () =>
            {
                while (await process.StandardOutput.ReadLineAsync() is { } line)
                {
                    lock (_lines)
                    {
                        _lines.Add(line);
                    }
                }
            });
        }

        public async Task<string> WaitAsync(string text)
        {
            await Bounded.UntilAsync(() => Task.FromResult(Find(text) is not null || _reading.IsCompleted), $"a line with '{text}' from guard enroll");
            return Find(text) ?? throw new InvalidOperationException($"guard enroll ended without a line with '{text}': {await _errors}");
        }

        public async Task<string> AllAsync()
        {
            await _reading;
            return string.Join('\n', _lines);
        }

        public Task<string> ErrorsAsync() => _errors;

        private string? Find(string text)
        {
            lock (_lines)
            {
                return _lines.Find(l => l.Contains(text, StringComparison.Ordinal));
            }
        }
    }
}
