using System.CommandLine;

namespace LocalFirst.Guard.CommandLine;

/// <summary>The options that every command understands.</summary>
internal static class CommonOptions
{
    public static readonly Option<string?> Home = new("--home")
    {
        Description = "Folder that holds all state (default: GUARD_HOME, else the per-user data folder).",
        HelpName = "DIR",
        Recursive = true,
    };

    public static readonly Option<string?> Config = new("--config")
    {
        Description = "Configuration file (default: guard.yaml in the home folder).",
        HelpName = "FILE",
        Recursive = true,
    };

    public static GuardHome HomeOf(ParseResult parse) => GuardHome.Resolve(parse.GetValue(Home));

    public static string ConfigOf(ParseResult parse) => parse.GetValue(Config) ?? HomeOf(parse).Config;
}
