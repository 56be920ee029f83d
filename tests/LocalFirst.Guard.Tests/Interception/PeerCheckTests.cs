using System.Net;
using System.Net.Sockets;
using LocalFirst.Guard.Interception.Connect;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

public sealed class PeerCheckTests
{
    private const string Head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
    private const string Peer = "0100007F:C001";
    private const string Own = "0100007F:22C3";

    [Fact]
    public void The_owner_of_the_other_end_is_told()
    {
        string[] table = [Head, Line(Own, Peer, uid: 0, inode: 5), Line(Peer, Own, uid: 1000, inode: 6)];

        Assert.Equal(1000u, PeerCheck.Find(table, Peer, Own));
    }

    [Fact]
    public void A_socket_that_its_owner_closed_is_not_taken_for_roots()
    {
        string[] table = [Head, Line(Peer, Own, uid: 0, inode: 0)];

        Assert.Null(PeerCheck.Find(table, Peer, Own));
    }

    [Fact]
    public void A_connection_to_another_port_proves_nothing()
    {
        string[] table = [Head, Line(Peer, "0100007F:0050", uid: 1000, inode: 6)];

        Assert.Null(PeerCheck.Find(table, Peer, Own));
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public async Task A_real_connection_is_found_whether_the_client_uses_ipv4_or_mapped_ipv6(AddressFamily family)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The socket table is Linux's.");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        if (family == AddressFamily.InterNetworkV6)
        {
            client.DualMode = true;
        }

        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var address = family == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.Loopback.MapToIPv6();
        await client.ConnectAsync(new IPEndPoint(address, port), TestContext.Current.CancellationToken);
        using var accepted = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);

        Assert.NotNull(PeerCheck.OwnerOf((IPEndPoint)accepted.RemoteEndPoint!, (IPEndPoint)accepted.LocalEndPoint!));
    }

    private static string Line(string local, string remote, int uid, int inode) =>
        $"   1: {local} {remote} 01 00000000:00000000 00:00000000 00000000  {uid,4}        0 {inode} 1 0000000000000000 20 4 30 10 -1";
}
