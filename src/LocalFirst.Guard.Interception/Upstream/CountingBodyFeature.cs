using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace LocalFirst.Guard.Interception.Upstream;

/// <summary>Counts the answer's bytes on their way to the client, and shows them to an observer, without touching or delaying them.</summary>
/// <param name="inner">The way to the client.</param>
/// <param name="observe">Gets each piece after it was written; null when nobody watches.</param>
internal sealed class CountingBodyFeature(IHttpResponseBodyFeature inner, Action<ReadOnlyMemory<byte>>? observe = null) : IHttpResponseBodyFeature
{
    private CountingStream? _stream;

    public long BytesWritten => _stream?.BytesWritten ?? 0;

    public Stream Stream => _stream ??= new CountingStream(inner.Stream, observe);

    public PipeWriter Writer => inner.Writer;

    public Task CompleteAsync() => inner.CompleteAsync();

    public void DisableBuffering() => inner.DisableBuffering();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        inner.SendFileAsync(path, offset, count, cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    private sealed class CountingStream(Stream inner, Action<ReadOnlyMemory<byte>>? observe) : Stream
    {
        public long BytesWritten { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => inner.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            inner.Write(buffer, offset, count);
            BytesWritten += count;
            observe?.Invoke(buffer.AsMemory(offset, count));
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await inner.WriteAsync(buffer, cancellationToken);
            BytesWritten += buffer.Length;
            observe?.Invoke(buffer);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}
