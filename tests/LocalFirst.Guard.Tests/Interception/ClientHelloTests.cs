using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using LocalFirst.Guard.Interception.Connect;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

public sealed class ClientHelloTests
{
    [Fact]
    public async Task The_server_name_of_a_real_handshake_is_read()
    {
        var hello = await RealHelloAsync("api.anthropic.com");

        Assert.Equal(FirstFlight.TlsWithName, ClientHello.Read(new ReadOnlySequence<byte>(hello), out var name));
        Assert.Equal("api.anthropic.com", name);
    }

    [Fact]
    public async Task Every_cut_of_a_hello_needs_more()
    {
        var hello = await RealHelloAsync("api.anthropic.com");
        for (var length = 0; length < hello.Length; length++)
        {
            Assert.Equal(FirstFlight.NeedMore, ClientHello.Read(new ReadOnlySequence<byte>(hello.AsMemory(0, length)), out _));
        }
    }

    [Fact]
    public async Task A_hello_spread_over_many_records_is_joined()
    {
        var hello = await RealHelloAsync("api.anthropic.com");
        var spread = new List<byte>();
        foreach (var piece in hello.Skip(5).Chunk(7))
        {
            spread.AddRange([0x16, 3, 1, 0, (byte)piece.Length]);
            spread.AddRange(piece);
        }

        Assert.Equal(FirstFlight.TlsWithName, ClientHello.Read(new ReadOnlySequence<byte>(spread.ToArray()), out var name));
        Assert.Equal("api.anthropic.com", name);
    }

    [Fact]
    public void Something_else_is_not_tls()
    {
        Assert.Equal(FirstFlight.NotTls, ClientHello.Read(new ReadOnlySequence<byte>("SSH-2.0-OpenSSH"u8.ToArray()), out _));
        Assert.Equal(FirstFlight.NotTls, ClientHello.Read(new ReadOnlySequence<byte>("GET / HTTP/1.1"u8.ToArray()), out _));
    }

    [Fact]
    public async Task An_empty_record_before_the_hello_does_not_hide_its_name()
    {
        byte[] bytes = [0x16, 3, 1, 0, 0, .. await RealHelloAsync("api.openai.com")];

        Assert.Equal(FirstFlight.UnreadableTls, ClientHello.Read(new ReadOnlySequence<byte>(bytes), out _));
    }

    [Fact]
    public void A_hello_padded_beyond_the_bound_is_unreadable_and_not_something_else()
    {
        // A handshake message of 0x010000 bytes, more than is read here and less than some servers take.
        byte[] bytes = [0x16, 3, 1, 0x40, 0, 1, 1, 0, 0, .. new byte[20_000]];

        Assert.Equal(FirstFlight.UnreadableTls, ClientHello.Read(new ReadOnlySequence<byte>(bytes), out _));
    }

    [Fact]
    public async Task A_hello_that_changes_into_another_record_is_unreadable()
    {
        var hello = await RealHelloAsync("api.openai.com");
        byte[] bytes = [0x16, 3, 1, 0, 8, .. hello[5..13], 0x14, 3, 3, 0, 1, 1, 0x16, 3, 1, 0, (byte)(hello.Length - 13), .. hello[13..]];

        Assert.Equal(FirstFlight.UnreadableTls, ClientHello.Read(new ReadOnlySequence<byte>(bytes), out _));
    }

    [Fact]
    public async Task A_server_name_list_that_does_not_begin_with_a_host_name_is_unreadable()
    {
        var hello = await RealHelloAsync("api.openai.com");
        hello[hello.AsSpan().IndexOf("api.openai.com"u8) - 3] = 7;

        Assert.Equal(FirstFlight.UnreadableTls, ClientHello.Read(new ReadOnlySequence<byte>(hello), out _));
    }

    [Fact]
    public async Task A_changed_byte_never_throws()
    {
        var hello = await RealHelloAsync("api.anthropic.com");
        var random = new Random(7);
        for (var i = 0; i < 5_000; i++)
        {
            var mutated = hello.ToArray();
            mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            ClientHello.Read(new ReadOnlySequence<byte>(mutated), out _);
        }
    }

    private static async Task<byte[]> RealHelloAsync(string host)
    {
        var pipe = new Pipe();
        var silent = new Pipe();
        using var cancellation = new CancellationTokenSource();
        await using var stream = new DuplexStream(silent.Reader.AsStream(), pipe.Writer.AsStream());
        await using var tls = new SslStream(stream);
        var handshake = tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = host }, cancellation.Token);
        while (true)
        {
            var read = await pipe.Reader.ReadAsync(TestContext.Current.CancellationToken);
            var bytes = read.Buffer.ToArray();
            if (bytes.Length > 5 && bytes.Length >= 5 + ((bytes[3] << 8) | bytes[4]))
            {
                await cancellation.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => handshake);
                return bytes;
            }

            pipe.Reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private sealed class DuplexStream(Stream input, Stream output) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => output.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => output.WriteAsync(buffer, cancellationToken);
    }
}
