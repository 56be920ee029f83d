using System.Collections.Frozen;
using System.Text;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// Catches a value that is whole only across messages of one stream. It keeps the end of the text that has left, once for each place of the messages (array
/// indices aside) and once for all that is said in the conversation, and looks at that end together with the beginning of the next message:
/// <code>
///   left already:  … export TOKEN=ghp_8Qx│   next message:  1mVt2… done
///                                  └─ a finding over the boundary ─┘
/// </code>
/// Only what is whole neither before nor after the boundary counts: the rest was decided upon with its own message. Used by one message at a time.
/// </summary>
internal sealed class StreamWindow
{
    /// <summary>How much of the text that left is kept for each place: 65,536 UTF-16 code units. The longest values, private keys, have some 4,000.</summary>
    internal const int Length = 64 * 1024;

    /// <summary>Place of a finding over the boundary.</summary>
    internal const string Place = "stream";

    private const string Obstacle = "a part of the value left with an earlier message, so that this connection is closed.";

    /// <summary>The lane of all that is said, wherever a message puts it.</summary>
    private const string Conversation = "";

    /// <summary>An API has some 30 places; more are somebody's invention, and the one used longest ago makes room.</summary>
    private const int MostLanes = 128;

    // Names whose values are the API's own words, between the pieces of what is said.
    private static readonly FrozenSet<string> Structure = FrozenSet.Create(StringComparer.Ordinal, "type", "role", "id", "call_id", "status", "phase", "detail", "name");

    private readonly Dictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private Dictionary<string, Piece> _next = new(StringComparer.Ordinal);
    private List<PartFinding> _crossing = [];
    private long _crossingBytes;
    private bool _continues;
    private long _clock;

    /// <summary>Bytes (UTF-8) of a held-back value that left with earlier messages; 0 when the last message completed none.</summary>
    public long BytesLeft { get; private set; }

    /// <summary>Adds what a message completes to what was found in it alone.</summary>
    public InspectedPrompt Look(Prompt prompt, InspectedPrompt inspected, IInspector inspector)
    {
        BytesLeft = 0;
        _crossing = [];
        _crossingBytes = 0;
        _next = PiecesOf(prompt);
        _continues = _next.ContainsKey("/previous_response_id");

        string? failure = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, piece) in _next)
        {
            if (!_lanes.TryGetValue(key, out var lane))
            {
                continue;
            }

            var tail = lane.Tail;
            var head = piece.Head;
            var joint = tail + head;
            var result = inspector.Inspect(new InspectionText(joint));
            failure ??= result.Failure;
            foreach (var finding in result.Findings)
            {
                if (finding.Start >= tail.Length || finding.End <= tail.Length
                    || !(piece.IsSaid || finding.Detector == "secrets")
                    || IsWholeAlone(inspector, tail, head, finding))
                {
                    continue;
                }

                _crossing.Add(new PartFinding(new Part { Place = new PartPlace(Place), Text = joint }, finding));
                if (seen.Add(joint[finding.Start..finding.End]))
                {
                    _crossingBytes += Encoding.UTF8.GetByteCount(joint.AsSpan(finding.Start, tail.Length - finding.Start));
                }
            }
        }

        if (failure is not null && inspected.State is DecodeState.Complete or DecodeState.Partial)
        {
            inspected = inspected with { State = DecodeState.UninspectablePart, StateReason = $"{Place}: {failure}" };
        }

        return _crossing.Count == 0 ? inspected : inspected with { Findings = [.. _crossing, .. inspected.Findings] };
    }

    /// <summary>The facts of a message: where policy holds back a value that it completes, no local answer mends that a part of it has left.</summary>
    public PolicyFacts Judge(InspectedPrompt inspected, PolicyFacts facts, DecisionFunction decide)
    {
        if (_crossing.Count == 0)
        {
            return facts;
        }

        var crossing = facts.Findings.Where(f => f.Place == Place).ToArray();
        var alone = facts with { State = DecideStep.StateWord(DecodeState.Complete), StateReason = null, Findings = crossing, LocalAvailable = true, LocalUnavailableReason = null };
        if (decide(alone).Action == PolicyAction.Allow)
        {
            return facts;
        }

        BytesLeft = Math.Max(1, _crossingBytes);
        return facts with { LocalAvailable = false, LocalUnavailableReason = Obstacle };
    }

    /// <summary>What the client is told of a message that is held back, where a stream has more to say than a single request; else null.</summary>
    public Refusal? Refusal(Verdict verdict, string exchange)
    {
        if (BytesLeft == 0)
        {
            // What continues an earlier answer cannot be answered here, for only the provider has that answer. By this code clients send the whole
            // conversation in its place, which is decided upon anew.
            return _continues && verdict.Reasons.Any(r => r.RuleId == PolicyEvaluator.NoLocalModelRule)
                ? RefusalText.Of(verdict, exchange) with { Code = ResponsesSocket.PreviousResponseNotFound }
                : null;
        }

        var why = verdict.Reasons.FirstOrDefault(r => r.Place == Place) ?? verdict.Reasons[0];
        return new Refusal(
            400,
            $"LocalFirst.Guard closed this connection: a value that must not leave came in pieces over several messages [rule {why.RuleId}]. {BytesLeft} bytes of it had been sent before the last piece, which was kept. Treat the value as exposed and replace it. Reference {exchange}.",
            "value_split_over_messages");
    }

    /// <summary>The message that was looked at has left.</summary>
    public void Commit()
    {
        foreach (var (key, piece) in _next)
        {
            var before = _lanes.TryGetValue(key, out var lane) ? lane.Tail : "";
            _lanes[key] = new Lane(piece.Text.Length >= Length ? piece.Text[^Length..] : Last(before + piece.Text), ++_clock);
        }

        _next = [];
        while (_lanes.Count > MostLanes)
        {
            _lanes.Remove(_lanes.Where(l => l.Key != Conversation).MinBy(l => l.Value.Used).Key);
        }
    }

    /// <summary>A value of the same strength that ends before the boundary or begins behind it was seen with its own message; here it only took a letter from across.</summary>
    private static bool IsWholeAlone(IInspector inspector, string tail, string head, Finding crossing) =>
        Holds(inspector, tail, crossing, crossing.Start, tail.Length, 0) || Holds(inspector, head, crossing, tail.Length, crossing.End, tail.Length);

    private static bool Holds(IInspector inspector, string text, Finding crossing, int start, int end, int offset) =>
        inspector.Inspect(new InspectionText(text)).Findings.Any(f =>
            f.Detector == crossing.Detector && f.Tier <= crossing.Tier && f.Start + offset < end && f.End + offset > start);

    private static Dictionary<string, Piece> PiecesOf(Prompt prompt)
    {
        var pieces = new Dictionary<string, Piece>(StringComparer.Ordinal);
        foreach (var part in prompt.Parts)
        {
            var pointer = part.Place.Pointer;

            // Path, query and header fields left once, with the stream's opening.
            if (part.Text.Length == 0 || (pointer.Length > 0 && pointer[0] != '/'))
            {
                continue;
            }

            var said = part.Role != PartRole.None && part is not { Role: PartRole.Tool, Provenance: Provenance.Harness };
            Add(pieces, LaneOf(pointer), part.Text, said);
            if (said && !Structure.Contains(pointer[(pointer.LastIndexOf('/') + 1)..]))
            {
                Add(pieces, Conversation, part.Text, said);
            }
        }

        return pieces;
    }

    private static void Add(Dictionary<string, Piece> pieces, string lane, string text, bool said)
    {
        if (!pieces.TryGetValue(lane, out var piece))
        {
            pieces.Add(lane, piece = new Piece());
        }

        piece.Append(text, said);
    }

    /// <summary><c>/input/3/content/0/text#2</c> is the place <c>/input/*/content/*/text</c>.</summary>
    private static string LaneOf(string pointer)
    {
        var lane = new StringBuilder(pointer.Length + 1);
        var path = pointer.AsSpan(Math.Min(1, pointer.Length));
        foreach (var range in path.Split('/'))
        {
            var segment = path[range];
            if (segment.LastIndexOf('#') is var number and > 0)
            {
                segment = segment[..number];
            }

            var isIndex = segment.Length > 0 && (segment[0] == '*' || !segment.ContainsAnyExceptInRange('0', '9'));
            lane.Append('/').Append(isIndex ? "*" : segment);
        }

        return lane.ToString();
    }

    private static string Last(string text) => text.Length <= Length ? text : text[^Length..];

    private sealed record Lane(string Tail, long Used);

    private sealed class Piece
    {
        private readonly StringBuilder _text = new();

        public bool IsSaid { get; private set; }

        public string Text => _text.ToString();

        public string Head => _text.Length <= Length ? _text.ToString() : _text.ToString(0, Length);

        public void Append(string text, bool said)
        {
            _text.Append(text);
            IsSaid |= said;
        }
    }
}
