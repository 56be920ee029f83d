using System.Runtime.CompilerServices;
using System.Text;

namespace LocalFirst.Guard.Protocols;

/// <summary>What an encoder sees of an executor's answer: text that is safe to encode, then one end.</summary>
internal abstract record AnswerStep
{
    public sealed record Text(string Value) : AnswerStep;

    public sealed record Done(AnswerEvent.Done End, string WholeText) : AnswerStep;

    public sealed record Failed(string Message) : AnswerStep;
}

/// <summary>Reads an executor's events to their end, whatever they do.</summary>
internal static class AnswerSource
{
    /// <summary>
    /// Text steps, then exactly one <see cref="AnswerStep.Done"/> or <see cref="AnswerStep.Failed"/>. An exception becomes a failure, and so
    /// does an end without <see cref="AnswerEvent.Done"/>; only the caller's own cancellation is thrown.
    /// </summary>
    public static async IAsyncEnumerable<AnswerStep> ReadAsync(
        IAsyncEnumerable<AnswerEvent> events,
        Func<Exception, string> describeFailure,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var source = events.GetAsyncEnumerator(cancellation);
        var whole = new StringBuilder();
        var pending = "";
        while (true)
        {
            AnswerEvent? next = null;
            AnswerStep.Failed? failed = null;
            try
            {
                next = await source.MoveNextAsync() ? source.Current : null;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception error)
            {
                failed = new AnswerStep.Failed(describeFailure(error));
            }

            switch (next)
            {
                case AnswerEvent.Text text:
                    var ready = Whole(pending + text.Value, out pending);
                    if (ready.Length > 0)
                    {
                        whole.Append(ready);
                        yield return new AnswerStep.Text(ready);
                    }

                    break;
                case AnswerEvent.Done done:
                    if (pending.Length > 0)
                    {
                        whole.Append('\uFFFD');
                        yield return new AnswerStep.Text("\uFFFD");
                    }

                    yield return new AnswerStep.Done(done, whole.ToString());
                    yield break;
                default:
                    yield return failed ?? new AnswerStep.Failed(AnswerEncoders.DefaultFailure);
                    yield break;
            }
        }
    }

    /// <summary>Text without lone surrogates, which a JSON writer refuses.</summary>
    public static string Clean(string text) => Whole(text, out var pending) + (pending.Length > 0 ? "\uFFFD" : "");

    /// <summary>Keeps back a first half of a surrogate pair at the end: its partner may come with the next event.</summary>
    private static string Whole(string text, out string pending)
    {
        pending = text.Length > 0 && char.IsHighSurrogate(text[^1]) ? text[^1..] : "";
        var ready = pending.Length > 0 ? text[..^1] : text;

        // A round trip through UTF-8 replaces what is not well-formed.
        return ready.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(ready)) : ready;
    }
}
