using System.Buffers;
using System.Text;
using FsCheck.Xunit;
using LocalFirst.Guard.Interception.Connect;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

public sealed class ConnectRequestTests
{
    [Theory]
    [InlineData("CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n\r\n", "api.openai.com", 443)]
    [InlineData("CONNECT API.OpenAI.com.:443 HTTP/1.1\r\n\r\n", "api.openai.com", 443)]
    [InlineData("CONNECT [2001:db8::1]:8443 HTTP/1.0\r\n\r\n", "2001:db8::1", 8443)]
    [InlineData("CONNECT 0x7f.1:443 HTTP/1.1\r\n\r\n", "127.0.0.1", 443)]
    [InlineData("CONNECT 2130706433:443 HTTP/1.1\r\n\r\n", "127.0.0.1", 443)]
    [InlineData("CONNECT [::ffff:127.0.0.1]:443 HTTP/1.1\r\n\r\n", "127.0.0.1", 443)]
    [InlineData("CONNECT bücher.example:443 HTTP/1.1\r\n\r\n", null, 0)]
    public void A_host_is_read_in_one_spelling(string head, string? host, int port)
    {
        var (state, request, _) = Read(head);

        Assert.Equal(ConnectRequest.ReadState.Whole, state);
        Assert.Equal(host, request?.Host.Name);
        Assert.Equal(port, request?.Port ?? 0);
    }

    [Theory]
    [InlineData("CONNECT api.openai.com HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT api.openai.com:0 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT api.openai.com:65536 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT api.openai.com:+443 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT user@api.openai.com:443 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT https://api.openai.com:443 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT api.openai.com:443/path HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT api.openai.com:443 HTTP/2.0\r\n\r\n")]
    [InlineData("CONNECT  api.openai.com:443 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT api.openai.com:443 HTTP/1.1\r\n Folded: yes\r\n\r\n")]
    [InlineData("CONNECT api.openai.com:443 HTTP/1.1\r\nNo-Colon\r\n\r\n")]
    [InlineData("CONNECT api.openai.com:443 HTTP/1.1\r\nA: b\nC: d\r\n\r\n")]
    [InlineData("CONNECT 1.2.3.4.5:443 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT [::1%25eth0]:443 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT .:443 HTTP/1.1\r\n\r\n")]
    public void A_malformed_head_is_whole_but_no_request(string head)
    {
        var (state, request, _) = Read(head);

        Assert.Equal(ConnectRequest.ReadState.Whole, state);
        Assert.Null(request);
    }

    [Fact]
    public void Bytes_after_the_head_are_left_for_the_handshake()
    {
        const string head = "CONNECT api.openai.com:443 HTTP/1.1\r\n\r\n";

        var (_, _, consumed) = Read(head + "\u0016hello");

        Assert.Equal(head.Length, consumed);
    }

    [Fact]
    public void A_head_that_comes_byte_by_byte_needs_more_until_it_is_whole()
    {
        const string head = "CONNECT api.openai.com:443 HTTP/1.1\r\nHost: x\r\n\r\n";
        for (var length = 0; length < head.Length; length++)
        {
            Assert.Equal(ConnectRequest.ReadState.NeedMore, Read(head[..length]).State);
        }
    }

    [Fact]
    public void Another_method_is_no_connect() => Assert.Equal(ConnectRequest.ReadState.NotConnect, Read("POST /openai/v1 HTTP/1.1\r\n").State);

    [Fact]
    public void A_head_over_the_cap_is_too_large_even_when_it_came_in_one_read()
    {
        var head = "CONNECT api.openai.com:443 HTTP/1.1\r\nX: " + new string('a', ConnectRequest.MaxHeadBytes) + "\r\n\r\n";

        Assert.Equal(ConnectRequest.ReadState.TooLarge, Read(head).State);
        Assert.Equal(ConnectRequest.ReadState.TooLarge, Read(head[..^4]).State);
    }

    [Property(MaxTest = 500)]
    public void Random_bytes_never_throw(byte[] bytes)
    {
        var head = Encoding.ASCII.GetBytes("CONNECT ").Concat(bytes).Concat(Encoding.ASCII.GetBytes("\r\n\r\n")).ToArray();
        ConnectRequest.TryRead(new ReadOnlySequence<byte>(head), out _, out _);
        ClientHello.Read(new ReadOnlySequence<byte>(bytes), out _);
    }

    private static (ConnectRequest.ReadState State, ConnectRequest? Request, long Consumed) Read(string text)
    {
        var buffer = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text));
        var state = ConnectRequest.TryRead(buffer, out var request, out var consumed);
        return (state, request, buffer.GetOffset(consumed));
    }
}
