using System.Net;
using System.Net.Sockets;
using LocalFirst.Guard.Interception.Upstream;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

public sealed class AddressPolicyTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.8.8")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b:1::7f00:1")]
    [InlineData("64:ff9b:1:2:3::a9fe:a9fe")]
    [InlineData("2002:7f00:1::")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("::")]
    [InlineData("169.254.169.254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("fe80::1")]
    [InlineData("fec0::1")]
    [InlineData("224.0.0.1")]
    [InlineData("ff02::1")]
    [InlineData("255.255.255.255")]
    public void Nothing_goes_to_this_machine_or_its_link(string address)
    {
        Assert.NotNull(AddressPolicy.ObjectionForTunnel(IPAddress.Parse(address)));
        Assert.NotNull(AddressPolicy.ObjectionForProvider(IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("fd00::1")]
    [InlineData("64:ff9b::a01:203")]
    public void A_private_network_is_open_to_tunnels_and_closed_to_providers(string address)
    {
        Assert.Null(AddressPolicy.ObjectionForTunnel(IPAddress.Parse(address)));
        Assert.NotNull(AddressPolicy.ObjectionForProvider(IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData("203.0.113.7")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("2001:db8::7")]
    public void A_public_address_is_open_to_both(string address)
    {
        Assert.Null(AddressPolicy.ObjectionForTunnel(IPAddress.Parse(address)));
        Assert.Null(AddressPolicy.ObjectionForProvider(IPAddress.Parse(address)));
    }

    [Fact]
    public async Task An_address_that_does_not_answer_leaves_the_next_its_turn()
    {
        using var reached = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var dialer = new GuardedDialer(
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("2001:db8::7"), IPAddress.Parse("203.0.113.7")]),
            (end, _) => end.AddressFamily == AddressFamily.InterNetworkV6 ? throw new OperationCanceledException() : Task.FromResult(reached));

        Assert.Same(reached, await dialer.ConnectAsync("provider.test", 443, AddressPolicy.ObjectionForProvider, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_name_that_resolves_to_a_forbidden_address_is_refused_before_anything_is_dialled()
    {
        var dialled = new List<IPEndPoint>();
        var dialer = new GuardedDialer(
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.5"), IPAddress.Loopback]),
            (end, _) =>
            {
                dialled.Add(end);
                throw new SocketException((int)SocketError.ConnectionRefused);
            });

        await Assert.ThrowsAsync<ForbiddenAddressException>(() =>
            dialer.ConnectAsync("api.openai.com", 443, AddressPolicy.ObjectionForProvider, TestContext.Current.CancellationToken));
        Assert.Empty(dialled);
    }

    [Fact]
    public async Task Only_the_allowed_addresses_of_a_name_are_dialled()
    {
        var dialled = new List<IPAddress>();
        var dialer = new GuardedDialer(
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse("203.0.113.7")]),
            (end, _) =>
            {
                dialled.Add(end.Address);
                throw new SocketException((int)SocketError.ConnectionRefused);
            });

        await Assert.ThrowsAsync<SocketException>(() =>
            dialer.ConnectAsync("api.openai.com", 443, AddressPolicy.ObjectionForProvider, TestContext.Current.CancellationToken));
        Assert.Equal([IPAddress.Parse("203.0.113.7")], dialled);
    }
}
