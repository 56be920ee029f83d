using System.Diagnostics;
using System.Text;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.SourceCode;
using LocalFirst.Guard.Inspection.Views;
using LocalFirst.Guard.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection.SourceCode;

public sealed class CodeIndexTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("guard-code-").FullName;

    private string IndexPath => Path.Combine(_folder, "code.idx");

    private string KeyPath => Path.Combine(_folder, "keys", "code.key");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void SipHash_1_3_gives_the_value_of_its_definition()
    {
        // An independent reading of the paper's pseudo code, unrolled by hand for the key 00…0F and the message 8 bytes of 00…07.
        var key = new CodeKey([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        Assert.Equal(Reference(0x0706050403020100, 0x0F0E0D0C0B0A0908, 0x0706050403020100), key.Hash(0x0706050403020100));
    }

    [Fact]
    public void Winnowing_keeps_one_of_any_window_and_finds_every_long_enough_match()
    {
        var random = new Random(3);
        var hashes = Enumerable.Range(0, 5_000).Select(_ => (ulong)random.NextInt64()).ToArray();
        var kept = CodeStream.Exact.Winnow(hashes).ToHashSet();
        for (var i = 0; i + CodeStream.Exact.Window <= hashes.Length; i++)
        {
            Assert.Contains(Enumerable.Range(i, CodeStream.Exact.Window), kept.Contains);
        }

        // Density of winnowing: 2 / (w + 1).
        Assert.InRange(kept.Count / (double)hashes.Length, 0.2, 0.25);
    }

    [Fact]
    public void An_index_reads_back_as_it_was_written()
    {
        var index = SomeSource.Index(("a.cs", new SomeSource(1).File("cs", 10)), ("dir/ü.py", new SomeSource(2).File("py", 10)));
        index.Write(IndexPath);
        var read = CodeIndex.Open(IndexPath, SomeSource.Key);
        Assert.Equal(index.Files, read.Files);
        Assert.Equal(index.BuiltAt, read.BuiltAt);
        Assert.Equal(Entries(index.Exact), Entries(read.Exact));
        Assert.Equal(Entries(index.Abstracted), Entries(read.Abstracted));
        Assert.NotEmpty(SomeSource.Find(new SomeSource(1).File("cs", 10), read));
        Assert.Equal([IndexPath], Directory.GetFiles(_folder));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(IndexPath));
        }
    }

    [Fact]
    public void The_file_holds_no_source_text()
    {
        SomeSource.Index(("a.cs", "class SecretSauce { int ComputeSecretMargin(int a, int b, int c) { return a * b - c / Other(a, b, c); } }" + new SomeSource(1).File("cs", 3))).Write(IndexPath);
        var text = Encoding.Latin1.GetString(File.ReadAllBytes(IndexPath));
        Assert.DoesNotContain("Secret", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_of_any_header_byte_is_an_error()
    {
        SomeSource.Index(("a.cs", new SomeSource(1).File("cs", 5))).Write(IndexPath);
        var bytes = File.ReadAllBytes(IndexPath);
        for (var i = 0; i < 100; i++)
        {
            var broken = bytes.ToArray();
            broken[i] ^= 0x20;
            AssertBroken(broken);
        }
    }

    [Fact]
    public void A_change_of_any_content_byte_is_an_error()
    {
        SomeSource.Index(("a.cs", new SomeSource(1).File("cs", 5))).Write(IndexPath);
        var bytes = File.ReadAllBytes(IndexPath);
        for (var i = 96; i < bytes.Length; i += 37)
        {
            var broken = bytes.ToArray();
            broken[i] ^= 1;
            AssertBroken(broken);
        }
    }

    [Fact]
    public void A_file_cut_off_anywhere_is_an_error()
    {
        SomeSource.Index(("a.cs", new SomeSource(1).File("cs", 5))).Write(IndexPath);
        var bytes = File.ReadAllBytes(IndexPath);
        for (var length = 0; length < bytes.Length; length += length < 120 ? 1 : 61)
        {
            AssertBroken(bytes[..length]);
        }

        AssertBroken([.. bytes, 0]);
    }

    [Fact]
    public void Another_key_is_an_error()
    {
        SomeSource.Index(("a.cs", new SomeSource(1).File("cs", 5))).Write(IndexPath);
        var error = Assert.Throws<CodeIndexException>(() => CodeIndex.Open(IndexPath, new CodeKey(new byte[CodeKey.Length])));
        Assert.Contains("another key", error.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_cannot_be_cleared_against_a_broken_index()
    {
        CodeKey.ReadOrCreate(KeyPath);
        File.WriteAllText(IndexPath, "rubbish");
        var detector = new CodeDetector(new CodeIndexHandle(IndexPath, KeyPath, TimeProvider.System));
        Assert.Throws<CodeIndexException>(() => detector.Detect(TextView.Identity(new InspectionText("hello")), new WorkBudget(1_000), new List<Finding>()));
    }

    [Fact]
    public void Without_an_index_nothing_is_found()
    {
        var findings = new List<Finding>();
        new CodeDetector(new CodeIndexHandle(IndexPath, KeyPath, TimeProvider.System)).Detect(TextView.Identity(new InspectionText("hello")), new WorkBudget(1_000), findings);
        Assert.Empty(findings);
    }

    [Fact]
    public void A_rebuilt_index_is_taken_up_after_a_second_and_a_deleted_one_stays_in_force()
    {
        var time = new FakeTimeProvider();
        var handle = new CodeIndexHandle(IndexPath, KeyPath, time);
        Assert.Null(handle.Current);

        Build(1);
        Assert.Null(handle.Current);
        time.Advance(TimeSpan.FromSeconds(1));
        var first = handle.Current;
        Assert.NotNull(first);

        Build(2, "longer");
        Assert.Same(first, handle.Current);
        time.Advance(TimeSpan.FromSeconds(1));
        var second = handle.Current;
        Assert.NotSame(first, second);

        File.Delete(IndexPath);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Same(second, handle.Current);

        File.WriteAllText(IndexPath, "rubbish");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Throws<CodeIndexException>(() => handle.Current);

        // Deleting the broken file does not bring the detector to rest either.
        File.Delete(IndexPath);
        time.Advance(TimeSpan.FromSeconds(1));
        Build(3);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(handle.Current);
    }

    [Fact]
    public void The_key_is_made_once_and_for_its_owner_alone()
    {
        var first = CodeKey.ReadOrCreate(KeyPath);
        Assert.Equal(first.Id, CodeKey.ReadOrCreate(KeyPath).Id);
        Assert.Equal(CodeKey.Length, new FileInfo(KeyPath).Length);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyPath));
        }

        File.WriteAllText(KeyPath, "short");
        Assert.Throws<CodeIndexException>(() => CodeKey.ReadOrCreate(KeyPath));
    }

    [Fact]
    public void Vendored_generated_minified_and_binary_files_and_copies_are_skipped()
    {
        var source = new SomeSource(4);
        var repository = Path.Combine(_folder, "repo");
        var own = source.File("ts", 5);
        Put(repository, "src/own.ts", own);
        Put(repository, "src/copy.ts", own);
        Put(repository, "node_modules/a/index.js", source.File("ts", 5));
        Put(repository, "vendor/b/b.go", source.File("go", 5));
        Put(repository, "dist/c.js", source.File("ts", 5));
        Put(repository, "src/d.min.js", source.File("ts", 5));
        Put(repository, "src/e.js", source.File("ts", 50).Replace("\n", " ", StringComparison.Ordinal));
        Put(repository, "src/f.cs", "// <auto-generated />\n" + source.File("cs", 5));
        Put(repository, "src/g.cs", "\0" + source.File("cs", 5));
        Put(repository, "package-lock.json", "{}");
        Put(repository, "LICENSE", "MIT");

        var build = Index().Build([repository], [], DateTimeOffset.UnixEpoch, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((1, 1), (build.Files, build.Duplicates));
        var status = Index().Status()!;
        Assert.Equal([new IndexedRepository("repo", 1, 1 + own.Count(c => c == '\n'))], status.Repositories);
        var place = Assert.Single(Index().Lookup(status.SampleId!));
        Assert.Equal(("repo", "src/copy.ts"), (place.Repository, place.Path));
        Assert.Equal("src/copy.ts", Assert.Single(Index().Explain(own)).Path);
    }

    [Fact]
    public void In_a_git_checkout_only_tracked_files_are_indexed()
    {
        var repository = Path.Combine(_folder, "repo");
        Put(repository, "src/tracked.ts", new SomeSource(1).File("ts", 5));
        Put(repository, "src/untracked.ts", new SomeSource(2).File("ts", 5));
        Tools.Require(Git("--version"), "git is not installed (.ci/prepare installs it)");
        Assert.True(Git("-C", repository, "init", "-q") && Git("-C", repository, "add", "src/tracked.ts"));
        Assert.Equal(["src/tracked.ts"], SourceFiles.List(repository));
    }

    [Fact]
    public void An_unknown_folder_and_one_without_source_are_errors_and_leave_the_old_index()
    {
        Build(1);
        var before = File.ReadAllBytes(IndexPath);
        var empty = Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName;
        Assert.Throws<CodeIndexException>(() => Index().Build([Path.Combine(_folder, "nowhere")], [], DateTimeOffset.UnixEpoch, cancellation: TestContext.Current.CancellationToken));
        Assert.Throws<CodeIndexException>(() => Index().Build([empty], [], DateTimeOffset.UnixEpoch, cancellation: TestContext.Current.CancellationToken));
        Assert.Throws<CodeIndexException>(() => Index().Lookup("xyz"));
        Assert.Equal(before, File.ReadAllBytes(IndexPath));
    }

    private CodeIndexFile Index() => new(IndexPath, KeyPath);

    private void Build(int seed, string? more = null)
    {
        var repository = Path.Combine(_folder, $"repo{seed}");
        Put(repository, "a.cs", new SomeSource(seed).File("cs", more is null ? 5 : 9));
        Index().Build([repository], [], DateTimeOffset.UnixEpoch, cancellation: TestContext.Current.CancellationToken);
    }

    private void AssertBroken(byte[] bytes)
    {
        File.WriteAllBytes(IndexPath, bytes);
        var error = Assert.Throws<CodeIndexException>(() => CodeIndex.Open(IndexPath, SomeSource.Key));
        Assert.Contains(IndexPath, error.What, StringComparison.Ordinal);
        Assert.NotEmpty(error.Next);
    }

    private static CodeFingerprint[] Entries(CodeIndex.Table table) => [.. Enumerable.Range(0, table.Count).Select(i => table[i])];

    private static void Put(string root, string path, string text)
    {
        var full = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    private static bool Git(params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            git.WaitForExit();
            return git.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static ulong Reference(ulong k0, ulong k1, ulong message)
    {
        ulong[] v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573];
        static ulong Rotate(ulong x, int bits) => (x << bits) | (x >> (64 - bits));
        void Rounds(int count)
        {
            for (var i = 0; i < count; i++)
            {
                v[0] += v[1];
                v[2] += v[3];
                v[1] = Rotate(v[1], 13);
                v[3] = Rotate(v[3], 16);
                v[1] ^= v[0];
                v[3] ^= v[2];
                v[0] = Rotate(v[0], 32);
                v[2] += v[1];
                v[0] += v[3];
                v[1] = Rotate(v[1], 17);
                v[3] = Rotate(v[3], 21);
                v[1] ^= v[2];
                v[3] ^= v[0];
                v[2] = Rotate(v[2], 32);
            }
        }

        foreach (var block in new[] { message, 8UL << 56 })
        {
            v[3] ^= block;
            Rounds(1);
            v[0] ^= block;
        }

        v[2] ^= 0xFF;
        Rounds(3);
        return v[0] ^ v[1] ^ v[2] ^ v[3];
    }
}
