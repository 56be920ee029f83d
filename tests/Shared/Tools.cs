using System.Diagnostics.CodeAnalysis;
using Xunit;

namespace LocalFirst.Guard.Testing;

/// <summary>What a test needs of the machine besides .NET: programs that <c>.ci/prepare</c> installs, namespaces, npm's libraries.</summary>
internal static class Tools
{
    /// <summary>Set to 1 where everything is installed: a missing tool then fails the test, so that no check is lost in silence.</summary>
    private const string Strict = "GUARD_CI";

    /// <summary>Skips the test by name, or fails it where nothing may be missing.</summary>
    public static void Require([DoesNotReturnIf(false)] bool there, string missing)
    {
        if (there)
        {
            return;
        }

        if (Environment.GetEnvironmentVariable(Strict) == "1")
        {
            Assert.Fail($"{Strict}=1 allows no skip: {missing}");
        }

        Assert.Skip(missing);
    }
}
