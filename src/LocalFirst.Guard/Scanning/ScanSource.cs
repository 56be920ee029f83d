namespace LocalFirst.Guard.Scanning;

/// <summary>A text to scan.</summary>
/// <param name="Path">Where it comes from, as the user named it; <c>-</c> is standard input.</param>
/// <param name="Text">The text. Bytes that are not UTF-8 read as U+FFFD; places count in this text.</param>
internal sealed record ScanSource(string Path, string Text);

/// <summary>What could not be scanned.</summary>
/// <param name="Path">Where.</param>
/// <param name="What">Why.</param>
/// <param name="IsError">Whether the scan has failed with it; false for what is left out on purpose.</param>
internal sealed record ScanProblem(string Path, string What, bool IsError);
