using LocalFirst.Guard.Audit;

namespace LocalFirst.Guard.Portal.Display;

/// <summary>One exchange as its page shows it, on the machine itself and on the fleet's server.</summary>
/// <param name="Entry">The exchange.</param>
/// <param name="Now">The time here.</param>
/// <param name="Time">When it was decided, for people.</param>
/// <param name="Here">The machine that it left, or did not: <c>this machine</c> or <c>the device</c>.</param>
/// <param name="Places">Where its record stands.</param>
internal sealed record ExchangeView(ExchangeEntry Entry, DateTimeOffset Now, string Time, string Here, IReadOnlyList<ExchangePlace> Places);

/// <summary>One line about where a record stands.</summary>
/// <param name="Title">What it is.</param>
/// <param name="Text">Its value; hostile text.</param>
/// <param name="Address">Where it leads, made by this server; null for nowhere.</param>
internal sealed record ExchangePlace(string Title, string Text, string? Address);
