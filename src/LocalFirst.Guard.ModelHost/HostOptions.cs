using System.Globalization;

namespace LocalFirst.Guard.ModelHost;

/// <summary>What the broker asks of the host. The access token is not here: it comes as the first line of standard input, unseen by <c>ps</c>.</summary>
/// <param name="Model">Path of the GGUF file.</param>
/// <param name="Natives">Folder of the llama.cpp libraries.</param>
/// <param name="Socket">Path of the Unix socket; on Windows the pipe's name.</param>
/// <param name="Context">Context in tokens; 0 chooses.</param>
/// <param name="Threads">Threads; 0 chooses.</param>
internal sealed record HostOptions(string Model, string Natives, string Socket, int Context, int Threads)
{
    /// <summary>Reads the arguments: <c>MODEL NATIVES SOCKET CONTEXT THREADS</c>, all of them, in this order.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <returns>The options, or null when they are wrong.</returns>
    public static HostOptions? Parse(string[] arguments) =>
        arguments.Length == 5
        && int.TryParse(arguments[3], NumberStyles.None, CultureInfo.InvariantCulture, out var context)
        && int.TryParse(arguments[4], NumberStyles.None, CultureInfo.InvariantCulture, out var threads)
            ? new HostOptions(arguments[0], arguments[1], arguments[2], context, threads)
            : null;
}
