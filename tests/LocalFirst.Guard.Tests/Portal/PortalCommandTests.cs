using LocalFirst.Guard.CommandLine;
using Xunit;

namespace LocalFirst.Guard.Tests.Portal;

public sealed class PortalCommandTests
{
    [Fact]
    public async Task Output_that_is_no_terminal_gets_no_link()
    {
        Assert.SkipUnless(Console.IsOutputRedirected, "These tests run in a terminal.");
        var home = Directory.CreateTempSubdirectory("guard").FullName;
        try
        {
            Assert.Equal(2, await GuardCommandLine.RunAsync(["portal", "--home", home]));
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }
}
