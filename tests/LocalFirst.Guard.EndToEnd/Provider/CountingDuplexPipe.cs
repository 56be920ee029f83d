using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;

namespace LocalFirst.Guard.EndToEnd.Provider;

/// <summary>A connection whose received bytes are counted as they are taken.</summary>
internal sealed class CountingDuplexPipe(IDuplexPipe inner, Action<long> received) : IDuplexPipe
{
    public PipeReader Input { get; } = new CountingReader(inner.Input, received);

    public PipeWriter Output => inner.Output;

    private sealed class CountingReader(PipeReader inner, Action<long> received) : PipeReader
    {
        private ReadOnlySequence<byte> _buffer;

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            received(_buffer.Slice(0, consumed).Length);
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var result = await inner.ReadAsync(cancellationToken);
            _buffer = result.Buffer;
            return result;
        }

        public override bool TryRead([NotNullWhen(true)] out ReadResult result)
        {
            var read = inner.TryRead(out result);
            _buffer = result.Buffer;
            return read;
        }
    }
}
