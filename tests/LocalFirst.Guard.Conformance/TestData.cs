using Xunit;

namespace LocalFirst.Guard.Conformance;

/// <summary>Other people's test data, which is no part of the repository.</summary>
internal static class TestData
{
    /// <summary>
    /// Path of a data file: in the folder that <c>GUARD_TEST_DATA</c> names, else in <c>shared/data</c> beside the repository. Skips the test, saying
    /// which file is missing, when it is not there.
    /// </summary>
    /// <param name="name">Path inside the data folder, with forward slashes.</param>
    public static string Find(string name)
    {
        var path = Path.Combine(Root(), name.Replace('/', Path.DirectorySeparatorChar));
        if (!File.Exists(path))
        {
            Assert.Skip($"Conformance data is not here: {name} (set GUARD_TEST_DATA to the folder that holds it).");
        }

        return path;
    }

    /// <summary>A folder of data files. Skips the test, saying which folder is missing, when it is not there.</summary>
    /// <param name="name">Path inside the data folder, with forward slashes.</param>
    public static string FindFolder(string name)
    {
        var path = Path.Combine(Root(), name.Replace('/', Path.DirectorySeparatorChar));
        Assert.SkipUnless(Directory.Exists(path), $"Conformance data is not here: {name}/ (set GUARD_TEST_DATA to the folder that holds it).");
        return path;
    }

    private static string Root()
    {
        if (Environment.GetEnvironmentVariable("GUARD_TEST_DATA") is { Length: > 0 } named)
        {
            return named;
        }

        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LocalFirst.Guard.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.Parent?.FullName ?? AppContext.BaseDirectory, "shared", "data");
    }
}
