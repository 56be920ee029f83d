using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.Testing;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>kill −9 of the server, and its database stopped in the middle: nothing that was acknowledged is lost, nothing is doubled.</summary>
public sealed class ServerKillTests
{
    private static int Rounds => Environment.GetEnvironmentVariable("GUARD_TESTS") == "long" ? 1_000 : 4;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_killed_in_the_middle_of_uploads_goes_on_where_it_was(bool onPostgreSql)
    {
        await using var postgres = onPostgreSql ? await PostgreSqlServer.StartAsync() : null;
        await using var setup = new ServerSetup();
        var database = postgres?.Connection ?? setup.File("fleet.db");
        setup.Fleet["database"] = database;
        await setup.StartDirectoryAsync();
        using var device = new HandDrivenDevice(setup.File("root.pem"));
        var random = new Random(11);
        for (var round = 0; round < Rounds; round++)
        {
            await device.WriteAsync(random.Next(1, 1500));
            await using var server = await setup.StartAsync();
            if (round == 0)
            {
                await device.EnrolAsync(server.Url, setup.Directory.Token("member"));
            }

            var upload = device.TryUploadAsync(server.Url);
            await Task.Delay(random.Next(0, 250), Bounded.Test);
            await server.KillAsync();
            await upload.Within("the end of the upload after the kill");
        }

        await using var last = await setup.StartAsync();
        Assert.True(await device.TryUploadAsync(last.Url));
        await device.AssertWholeAsync(database);
    }

    [Fact]
    public async Task A_database_stopped_in_the_middle_of_uploads_stops_nothing_else()
    {
        await using var postgres = await PostgreSqlServer.StartAsync();
        await using var setup = new ServerSetup();
        setup.Fleet["database"] = postgres.Connection;
        await setup.StartDirectoryAsync();
        using var device = new HandDrivenDevice(setup.File("root.pem"));
        await using var server = await setup.StartAsync();
        await device.EnrolAsync(server.Url, setup.Directory.Token("member"));
        var random = new Random(12);
        for (var round = 0; round < Rounds; round++)
        {
            await device.WriteAsync(random.Next(1, 1500));
            var upload = device.TryUploadAsync(server.Url);
            await Task.Delay(random.Next(0, 250), Bounded.Test);
            await postgres.StopImmediatelyAsync();
            await upload.Within("the end of the upload after the stop");

            var (status, body, _) = await server.GetAsync("/readyz");
            Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, status);
            Assert.Contains("database: ", body, StringComparison.Ordinal);
            Assert.False(await device.TryUploadAsync(server.Url));
            await postgres.StartAgainAsync();
        }

        await Bounded.UntilAsync(() => device.TryUploadAsync(server.Url), "an upload after the database came back");
        Assert.Equal(System.Net.HttpStatusCode.OK, (await server.GetAsync("/readyz")).Status);
        await device.AssertWholeAsync(postgres.Connection);
        Assert.Contains(server.Errors, e => e.Contains("The database on PostgreSQL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_full_disk_stops_nothing_else_and_loses_nothing()
    {
        Tools.Require(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && NodeClients.Find("unshare") is not null && NodeClients.Find("nsenter") is not null, "This test mounts a small disk of its own: it needs root, unshare and nsenter (Debian's util-linux).");
        await using var setup = new ServerSetup();
        var folder = setup.File("data");
        GuardHome.CreatePrivate(folder);
        setup.Fleet["database"] = Path.Combine(folder, "fleet.db");
        setup.Wrapper = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs -o size=2m,mode=0700 tmpfs \"$0\" && exec \"$@\"", folder];
        await setup.StartDirectoryAsync();
        await using var server = await setup.StartAsync();
        using var device = new HandDrivenDevice(setup.File("root.pem"));
        await device.EnrolAsync(server.Url, setup.Directory.Token("member"));
        await device.WriteAsync(6000);

        Assert.False(await device.TryUploadAsync(server.Url));
        Assert.Contains(server.Errors, e => e.Contains("the disk is full", StringComparison.Ordinal));
        Assert.Equal(System.Net.HttpStatusCode.OK, (await server.GetAsync("/healthz")).Status);

        var more = await Processes.RunAsync(Processes.Command("nsenter", ["--mount", "--target", $"{server.Id}", "mount", "-o", "remount,size=64m", folder]));
        Assert.True(more.ExitCode == 0, more.Everything);
        Assert.True(await device.TryUploadAsync(server.Url));

        // SQLite follows the link of /proc by its text, which leads to the folder outside: the kernel's way in is for plain reading.
        var copy = setup.File("copy");
        GuardHome.CreatePrivate(copy);
        foreach (var file in Directory.GetFiles($"/proc/{server.Id}/root{folder}", "fleet.db*").Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        await device.AssertWholeAsync(Path.Combine(copy, "fleet.db"));
    }

    [Fact]
    public async Task Two_servers_on_one_database_are_one_fleet()
    {
        await using var postgres = await PostgreSqlServer.StartAsync();
        await using var one = new ServerSetup();
        await using var two = new ServerSetup();
        await using var stranger = new ServerSetup();
        foreach (var setup in new[] { one, two, stranger })
        {
            setup.Fleet["database"] = postgres.Connection;
            setup.AzureAd["instance"] = one.Directory.Instance.ToString();
        }

        await one.StartDirectoryAsync();
        two.Environment["SSL_CERT_FILE"] = one.File("root.pem");

        // 1  Both start at once on an empty database, with the keys of one fleet. The keys are made by the first run of one, on a file of its own.
        await using (await one.StartAsync("--database", one.File("first.db")))
        {
            foreach (var name in new[] { "fleet-id", "policy.key", "witness.key" })
            {
                var folder = Path.Combine(two.Home, "keys");
                GuardHome.CreatePrivate(folder);
                File.Copy(Path.Combine(one.Home, "keys", name), Path.Combine(folder, name));
            }
        }

        File.Copy(one.File("server.pem"), two.File("server.pem"), overwrite: true);
        File.Copy(one.File("server.key"), two.File("server.key"), overwrite: true);
        File.Copy(one.File("root.pem"), two.File("root.pem"), overwrite: true);
        var starts = new[] { one.StartAsync(), two.StartAsync() };
        await using var first = await starts[0];
        await using var second = await starts[1];

        // 2  A device that enrolled at one is known at the other, gets the same bundle, and uploads to both in turns.
        using var device = new HandDrivenDevice(one.File("root.pem"));
        await device.EnrolAsync(first.Url, one.Directory.Token("member"));
        await device.WriteAsync(3000);
        Assert.True(await device.TryUploadAsync(first.Url, second.Url));
        using var atFirst = device.NewClient(first.Url);
        using var atSecond = device.NewClient(second.Url);
        var policy = new Uri("/api/policy", UriKind.Relative);
        Assert.Equal(await atFirst.GetStringAsync(policy, Bounded.Test), await atSecond.GetStringAsync(policy, Bounded.Test));
        await Task.WhenAll(new[] { first.Url, second.Url }.Select(url => device.TryUploadAsync(url)));
        await device.AssertWholeAsync(postgres.Connection);

        // 3  A server with other keys would split the fleet.
        var refused = await stranger.RunAsync();
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("belongs to the fleet", refused.Error, StringComparison.Ordinal);
        Assert.Contains("→ Copy fleet-id", refused.Error, StringComparison.Ordinal);
    }
}
