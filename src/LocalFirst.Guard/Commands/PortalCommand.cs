using System.CommandLine;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Portal.Control;

namespace LocalFirst.Guard.Commands;

/// <summary>`guard portal`: a fresh one-time sign-in link from the running broker.</summary>
internal static class PortalCommand
{
    public static Command Create()
    {
        var command = GuardCommandLine.Describe("portal", "Print a fresh one-time link that signs in to the portal.", "guard portal");
        command.SetAction((parse, cancellation) => PrintLinkAsync(CommonOptions.HomeOf(parse), cancellation));
        return command;
    }

    private static async Task<int> PrintLinkAsync(GuardHome home, CancellationToken cancellation)
    {
        // The guarded agent runs as the same user and can run this very command. What it captures is a pipe, and a pipe gets nothing: that stops
        // an agent that is merely steered by what it reads, not one that is made to open a terminal of its own. There is no flag around it.
        if (Console.IsOutputRedirected)
        {
            throw new GuardException("The sign-in link is printed to a terminal only, and this output goes to a file or another program.", "Run 'guard portal' by itself in a terminal window.");
        }

        var link = await PortalControlClient.MintLinkAsync(home.Run, cancellation);
        Console.WriteLine(link.AbsoluteUri);
        Console.WriteLine("Open it within 60 seconds; it signs in once.");
        return 0;
    }
}
