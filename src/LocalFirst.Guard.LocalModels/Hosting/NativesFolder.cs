using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace LocalFirst.Guard.LocalModels.Hosting;

/// <summary>Where the llama.cpp libraries lie, and whether they are those that were built in.</summary>
/// <param name="Path">The folder.</param>
/// <param name="IsOwnBuild">True for the folder that the build made; it must carry its list of hashes.</param>
internal sealed record NativesFolder(string Path, bool IsOwnBuild)
{
    /// <summary>List of SHA-256 hashes in the form of <c>sha256sum</c>, written by the build.</summary>
    public const string ManifestName = "natives.sha256";

    /// <summary>Names a folder of other libraries, for example a CUDA or Vulkan build of the same release.</summary>
    public const string Variable = "GUARD_LLAMA_NATIVES";

    /// <summary>What a person does when there are none.</summary>
    public const string Mend = "Install Node.js with npm and build again (dotnet build), or name a folder with GUARD_LLAMA_NATIVES.";

    /// <summary>Folder name of the built-in libraries: runtimes/&lt;rid&gt;-cpu.</summary>
    public static string RuntimeName
    {
        get
        {
            var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
            return $"{system}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}-cpu";
        }
    }

    /// <summary>Finds the folder.</summary>
    /// <param name="named">A folder that the operator named, or null.</param>
    /// <param name="programFolder">The folder of the program.</param>
    /// <returns>The folder, or null when there are no natives.</returns>
    public static NativesFolder? Find(string? named, string programFolder)
    {
        if (!string.IsNullOrEmpty(named))
        {
            return Directory.Exists(named) ? new NativesFolder(System.IO.Path.GetFullPath(named), false) : null;
        }

        var own = System.IO.Path.Combine(programFolder, "runtimes", RuntimeName);
        return File.Exists(System.IO.Path.Combine(own, ManifestName)) ? new NativesFolder(own, true) : null;
    }

    /// <summary>
    /// Compares every library with the list, before anything of it is loaded. A folder that the operator named may come without a list.
    /// </summary>
    /// <exception cref="ExecutorException">A library is missing, changed, or not in the list.</exception>
    public void Verify()
    {
        var manifest = System.IO.Path.Combine(Path, ManifestName);
        if (!File.Exists(manifest))
        {
            if (IsOwnBuild)
            {
                throw new ExecutorException($"The llama.cpp natives lack their list of hashes.\n  → {Mend}");
            }

            return;
        }

        try
        {
            var expected = File.ReadLines(manifest)
                .Select(line => line.Split("  ", 2))
                .Where(fields => fields.Length == 2)
                .ToDictionary(fields => fields[1].Trim(), fields => fields[0].Trim(), StringComparer.Ordinal);
            foreach (var (name, hash) in expected)
            {
                using var file = File.OpenRead(System.IO.Path.Combine(Path, name));
                if (!Convert.ToHexStringLower(SHA256.HashData(file)).Equals(hash, StringComparison.OrdinalIgnoreCase))
                {
                    throw new ExecutorException($"The llama.cpp library {name} is not the one that was built in: its hash differs. It was not loaded.\n  → Build again from a clean folder, and find out who changed it.");
                }
            }

            // ggml loads whatever backend library it finds in the folder, so one that the list does not know must not lie there.
            var stranger = Directory.GetFiles(Path).Select(System.IO.Path.GetFileName).FirstOrDefault(name => IsLibrary(name!) && !expected.ContainsKey(name!));
            if (stranger is not null || expected.Count == 0)
            {
                throw new ExecutorException($"The llama.cpp natives hold a library that was not built in ({stranger ?? "the list is empty"}). Nothing was loaded.\n  → Build again from a clean folder, and find out who put it there.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExecutorException($"The llama.cpp natives cannot be read ({e.GetType().Name}).\n  → {Mend}", e);
        }
    }

    private static bool IsLibrary(string name) =>
        name.EndsWith(".so", StringComparison.Ordinal) || name.EndsWith(".dylib", StringComparison.Ordinal) || name.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
}
