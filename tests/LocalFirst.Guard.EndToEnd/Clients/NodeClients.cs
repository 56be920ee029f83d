using System.Runtime.InteropServices;
using System.Security.Cryptography;
using LocalFirst.Guard.Testing;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Clients;

/// <summary>
/// The clients of <c>tests/clients</c>, installed from their lock file once: the folder is named for the lock file's hash, so a second
/// run finds it and another version never mixes with it.
/// </summary>
internal static class NodeClients
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(4);

    private static readonly Lazy<Task<string?>> Installed = new(InstallAsync);

    /// <summary>The folder with the scripts and their <c>node_modules</c>. Without npm the test is skipped by name.</summary>
    public static async Task<string> FolderAsync()
    {
        var folder = await Installed.Value;
        Tools.Require(folder is not null, "npm is not installed, so the real SDKs and agents cannot run (.ci/prepare installs it).");
        return folder;
    }

    /// <summary>Claude Code's native binary. Its package's install script would only link it elsewhere, so none has to run.</summary>
    public static async Task<string> ClaudeAsync()
    {
        var system = OperatingSystem.IsWindows() ? "win32" : OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var processor = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        var file = Path.Combine(await FolderAsync(), "node_modules", "@anthropic-ai", $"claude-code-{system}-{processor}", OperatingSystem.IsWindows() ? "claude.exe" : "claude");
        Assert.True(File.Exists(file), $"The pinned Claude Code has no binary at {file}.");
        return file;
    }

    /// <summary>Codex's native binary, which its package for this system brings.</summary>
    public static async Task<string> CodexAsync()
    {
        var system = OperatingSystem.IsWindows() ? "win32" : OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var processor = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        var package = Path.Combine(await FolderAsync(), "node_modules", "@openai", $"codex-{system}-{processor}", "vendor");
        return Assert.Single(Directory.EnumerateFiles(package, OperatingSystem.IsWindows() ? "codex.exe" : "codex", SearchOption.AllDirectories));
    }

    /// <summary>The full path of a program on PATH, or null.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => OperatingSystem.IsWindows() ? [$"{program}.exe", $"{program}.cmd"] : new[] { program }, Path.Combine)
            .FirstOrDefault(File.Exists);

    private static async Task<string?> InstallAsync()
    {
        if (Find("npm") is not { } npm || Find("node") is null)
        {
            return null;
        }

        var source = SourceFolder();
        var lockFile = await File.ReadAllBytesAsync(Path.Combine(source, "package-lock.json"));
        var folder = Path.Combine(Path.GetTempPath(), $"guard-test-clients-{Convert.ToHexStringLower(SHA256.HashData(lockFile))[..16]}");
        var done = Path.Combine(folder, "installed");
        Directory.CreateDirectory(folder);

        // Two test runs at once must not install into one folder: the second waits for the first.
        await using var guard = await LockAsync(Path.Combine(folder, "lock"));
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        if (!File.Exists(done))
        {
            var start = Processes.Command(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder: folder);
            // npm is the one program here that needs the machine's own way to its registry.
            foreach (var name in new[] { "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE" })
            {
                if (Environment.GetEnvironmentVariable(name) is { } value)
                {
                    start.Environment[name] = value;
                }
            }

            var install = await Processes.RunAsync(start, limit: InstallLimit);
            Assert.True(install.ExitCode == 0, $"npm ci of tests/clients failed: {install.Everything}");
            await File.WriteAllTextAsync(done, "");
        }

        return folder;
    }

    private static async Task<FileStream> LockAsync(string file)
    {
        FileStream? stream = null;
        await Bounded.UntilAsync(
            () =>
            {
                try
                {
                    stream = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                }
                catch (IOException)
                {
                    // Held by another run.
                }

                return Task.FromResult(stream is not null);
            },
            "the end of another installation of tests/clients",
            InstallLimit);
        return stream!;
    }

    private static string SourceFolder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var clients = Path.Combine(at.FullName, "tests", "clients");
            if (File.Exists(Path.Combine(clients, "package-lock.json")))
            {
                return clients;
            }
        }

        throw new InvalidOperationException("tests/clients was not found above the test's own folder.");
    }
}
