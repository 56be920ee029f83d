using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

/// <summary>File modes in tests; skips the test where there are none.</summary>
internal static class UnixMode
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static UnixFileMode Get(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Unix file modes");
            return default;
        }

        return File.GetUnixFileMode(path);
    }

    public static void Set(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Unix file modes");
            return;
        }

        File.SetUnixFileMode(path, mode);
    }
}
