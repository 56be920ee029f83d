using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalFirst.Guard.ModelHost.Http;

/// <summary>Kestrel on a Unix socket (a named pipe on Windows), and the life of the process.</summary>
internal static class HostServer
{
    /// <summary>Largest request in bytes: a conversation of the largest context, with room.</summary>
    private const long MaxRequestBytes = 64 << 20;

    /// <summary>Serves until standard input ends or the process is asked to stop.</summary>
    /// <param name="socket">Socket path or pipe name.</param>
    /// <param name="endpoints">What answers.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string socket, HostEndpoints endpoints)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBytes;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            if (OperatingSystem.IsWindows())
            {
                kestrel.ListenNamedPipe(socket);
            }
            else
            {
                kestrel.ListenUnixSocket(socket);
            }
        });

        await using var app = builder.Build();
        app.Run(endpoints.HandleAsync);
        try
        {
            await app.StartAsync();
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"guard-host: the socket cannot be opened ({e.GetType().Name})");
            return ExitCode.CannotListen;
        }

        await Console.Out.WriteLineAsync("ready");
        var life = app.Lifetime;
        _ = Task.Factory.StartNew(
            () =>
            {
                while (Console.In.Read() >= 0)
                {
                }

                life.StopApplication();
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        await app.WaitForShutdownAsync();
        return ExitCode.Success;
    }
}
