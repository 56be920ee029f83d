using LocalFirst.Guard.EndToEnd.Broker;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Lifecycle;

/// <summary>What another process of the same user can get out of the broker's memory: nothing.</summary>
[Collection<WithoutModel>]
public sealed class HardeningTests(BrokerWithoutModel broker)
{
    [Fact]
    public void The_broker_has_no_diagnostic_port()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the port is a socket in the temporary folder on Linux");

        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), $"dotnet-diagnostic-{broker.Guard.Id}-*"));
    }

    [Fact]
    public async Task The_broker_leaves_no_core_dump()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux's");

        var limits = await File.ReadAllLinesAsync($"/proc/{broker.Guard.Id}/limits", TestContext.Current.CancellationToken);
        var core = Assert.Single(limits, l => l.StartsWith("Max core file size", StringComparison.Ordinal));
        Assert.Equal(["0", "0"], core.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4..6]);
    }
}
