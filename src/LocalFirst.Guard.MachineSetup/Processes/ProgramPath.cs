namespace LocalFirst.Guard.MachineSetup.Processes;

/// <summary>
/// Finds a program the way a shell does. .NET's own search also looks into the current folder, where an untrusted repository could lay a
/// program of the same name.
/// </summary>
public static class ProgramPath
{
    /// <summary>The full path of the program, or null.</summary>
    /// <param name="name">A name to look up on PATH, or a path.</param>
    public static string? Find(string name) =>
        Find(name, Environment.GetEnvironmentVariable("PATH"), Environment.GetEnvironmentVariable("PATHEXT"));

    internal static string? Find(string name, string? path, string? extensions)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        string[] endings = OperatingSystem.IsWindows() ? ["", .. (extensions ?? ".EXE;.CMD;.BAT").Split(';')] : [""];
        if (name.Contains('/', StringComparison.Ordinal) || (OperatingSystem.IsWindows() && name.Contains('\\', StringComparison.Ordinal)))
        {
            return endings.Select(e => Path.GetFullPath(name + e)).FirstOrDefault(IsProgram);
        }

        return (path ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            // A relative entry would mean the current folder again.
            .Where(Path.IsPathFullyQualified)
            .SelectMany(folder => endings.Select(e => Path.Combine(folder, name + e)))
            .FirstOrDefault(IsProgram);
    }

    private static bool IsProgram(string file)
    {
        const UnixFileMode anyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(file) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(file) & anyExecute) != 0);
    }
}
