namespace LocalFirst.Guard;

/// <summary>The folder that holds all state of this broker, and where each thing lies in it.</summary>
/// <param name="Root">Absolute path.</param>
internal sealed record GuardHome(string Root)
{
    public string Config => Path.Combine(Root, "guard.yaml");

    public string Policies => Path.Combine(Root, "policies");

    public string CertificateAuthority => Path.Combine(Root, "ca");

    public string Keys => Path.Combine(Root, "keys");

    public string AuditDatabase => Path.Combine(Root, "audit.db");

    public string Models => Path.Combine(Root, "models");

    public string Membership => Path.Combine(Root, "membership");

    public string CodeIndex => Path.Combine(Root, "code.idx");

    public string Run => Path.Combine(Root, "run");

    /// <summary>The home named by <c>--home</c>, else by <c>GUARD_HOME</c>, else the system's per-user data folder.</summary>
    public static GuardHome Resolve(string? option)
    {
        var root = option
            ?? Environment.GetEnvironmentVariable("GUARD_HOME")
            ?? Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
                "localfirst-guard");
        return new GuardHome(Path.GetFullPath(root));
    }

    /// <summary>Makes the folder, readable by its owner alone.</summary>
    public void EnsureExists()
    {
        try
        {
            CreatePrivate(Root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException($"The home folder {Root} cannot be made ({e.GetType().Name}).", "Name a folder that you can write with --home DIR or GUARD_HOME.");
        }
    }

    /// <summary>Makes a folder of the home, readable by its owner alone.</summary>
    public static void CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
