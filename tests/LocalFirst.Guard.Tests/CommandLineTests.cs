using LocalFirst.Guard.CommandLine;
using Xunit;

namespace LocalFirst.Guard.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public void Every_command_says_what_it_does()
    {
        foreach (var command in GuardCommandLine.BuildRoot().Subcommands)
        {
            Assert.False(string.IsNullOrWhiteSpace(command.Description), command.Name);
        }
    }

    [Theory]
    [InlineData("--no-such-flag")]
    [InlineData("no-such-command")]
    [InlineData("version --no-such-flag")]
    public async Task A_wrong_flag_exits_with_2(string commandLine) =>
        Assert.Equal(2, await GuardCommandLine.RunAsync(commandLine.Split(' ')));
}
