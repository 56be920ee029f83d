using System.Net.Sockets;
using System.Text;
using LocalFirst.Guard.Portal;
using LocalFirst.Guard.Portal.Control;
using Xunit;

namespace LocalFirst.Guard.Tests.Portal;

public sealed class PortalControlTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("guard").FullName;

    private string Run => Path.Combine(_folder, "run");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Another_process_gets_a_link_from_the_running_broker()
    {
        var minted = 0;
        await using var server = await PortalControlServer.StartAsync(Run, () => new Uri($"http://x{++minted}.localhost:1/sign-in#t"));
        Assert.Equal("http://x1.localhost:1/sign-in#t", (await PortalControlClient.MintLinkAsync(Run, TestContext.Current.CancellationToken)).AbsoluteUri);
        Assert.Equal("http://x2.localhost:1/sign-in#t", (await PortalControlClient.MintLinkAsync(Run, TestContext.Current.CancellationToken)).AbsoluteUri);
    }

    [Fact]
    public async Task Without_a_broker_the_error_says_how_to_start_one()
    {
        var error = await Assert.ThrowsAsync<PortalException>(() => PortalControlClient.MintLinkAsync(Run, TestContext.Current.CancellationToken));
        Assert.Contains("guard run", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_is_its_owners_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has a pipe.");
        await using var server = await PortalControlServer.StartAsync(Run, () => new Uri("http://x.localhost:1/"));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Run, "control.sock")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Run));
        }
    }

    [Fact]
    public async Task A_second_broker_on_the_same_home_is_refused_and_a_dead_ones_socket_is_replaced()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has a pipe.");
        Directory.CreateDirectory(Run);
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(Path.Combine(Run, "control.sock")));
        }

        await File.WriteAllTextAsync(Path.Combine(Run, "control.sock"), "", TestContext.Current.CancellationToken);
        await using var server = await PortalControlServer.StartAsync(Run, () => new Uri("http://x.localhost:1/"));
        await Assert.ThrowsAsync<PortalException>(() => PortalControlServer.StartAsync(Run, () => new Uri("http://y.localhost:1/")));
        Assert.Equal("x.localhost", (await PortalControlClient.MintLinkAsync(Run, TestContext.Current.CancellationToken)).Host);
    }

    [Theory]
    [InlineData("{}\n")]
    [InlineData("nonsense\n")]
    [InlineData("null\n")]
    [InlineData("{\"op\":\"rm\"}\n")]
    [InlineData("")]
    public async Task A_bad_request_gets_no_link_and_the_next_caller_is_served(string request)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has a pipe.");
        await using var server = await PortalControlServer.StartAsync(Run, () => new Uri("http://x.localhost:1/"));
        using (var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            await caller.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(Run, "control.sock")), TestContext.Current.CancellationToken);
            await caller.SendAsync(Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
            caller.Shutdown(SocketShutdown.Send);
            var answer = new byte[4096];
            var length = await caller.ReceiveAsync(answer, TestContext.Current.CancellationToken);
            Assert.DoesNotContain("x.localhost", Encoding.UTF8.GetString(answer, 0, length), StringComparison.Ordinal);
        }

        Assert.Equal("x.localhost", (await PortalControlClient.MintLinkAsync(Run, TestContext.Current.CancellationToken)).Host);
    }

    [Fact]
    public async Task A_home_too_deep_for_a_socket_is_told_with_the_mend()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has a pipe.");
        var error = await Assert.ThrowsAsync<PortalException>(() => PortalControlServer.StartAsync(Path.Combine(_folder, new string('d', 120)), () => new Uri("http://x.localhost:1/")));
        Assert.Contains("--home", error.Message, StringComparison.Ordinal);
    }
}
