using System.ComponentModel;
using System.Diagnostics;

namespace LocalFirst.Guard.MachineSetup.Processes;

/// <summary>
/// Opens an address in the person's browser: with the programs that <c>BROWSER</c> names (separated by colons, <c>%s</c> stands for the address), else as
/// the desktop does it.
/// </summary>
public static class SystemBrowser
{
    /// <summary>Tries to open it; false when nothing could be started.</summary>
    /// <param name="address">The address.</param>
    /// <param name="environment">Reads a variable.</param>
    public static bool TryOpen(Uri address, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(environment);
        return CommandsFor(address.AbsoluteUri, environment("BROWSER")).Any(TryStart);
    }

    /// <summary>The commands to try, in order.</summary>
    internal static IEnumerable<string[]> CommandsFor(string address, string? browser)
    {
        if (!string.IsNullOrWhiteSpace(browser))
        {
            foreach (var command in browser.Split(':', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                yield return words.Any(w => w.Contains("%s", StringComparison.Ordinal))
                    ? [.. words.Select(w => w.Replace("%s", address, StringComparison.Ordinal))]
                    : [.. words, address];
            }

            yield break;
        }

        if (OperatingSystem.IsWindows())
        {
            yield return ["rundll32", "url.dll,FileProtocolHandler", address];
        }
        else if (OperatingSystem.IsMacOS())
        {
            yield return ["open", address];
        }
        else
        {
            yield return ["xdg-open", address];
            yield return ["wslview", address];
        }
    }

    // Its output would mix with the command's own.
    private static bool TryStart(string[] command)
    {
        if (ProgramPath.Find(command[0]) is not { } program)
        {
            return false;
        }

        try
        {
            var process = Process.Start(new ProcessStartInfo(program, command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true });
            process?.StandardInput.Close();
            return process is not null;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
