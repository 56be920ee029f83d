using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Keys;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

public sealed class DeviceKeysTests
{
    [Fact]
    public void Keys_are_made_once_and_read_again()
    {
        using var temp = new TempLog();
        using var first = DeviceKeys.LoadOrCreate(temp.Keys);
        using var second = DeviceKeys.LoadOrCreate(temp.Keys);
        Assert.True(first.IsNew);
        Assert.False(second.IsNew);
        Assert.Equal(first.DeviceId, second.DeviceId);
        Assert.Equal(first.PublicKey, second.PublicKey);
        Assert.Equal(first.Correlate("value"u8), second.Correlate("value"u8));
        Assert.Equal(first.PublicKey, DeviceKeys.LoadPublic(temp.Keys).Key);
    }

    [Fact]
    public void A_keyed_hash_is_sixteen_bytes_in_hex_and_differs_by_value_and_device()
    {
        using var temp = new TempLog();
        using var other = new TempLog();
        using var keys = DeviceKeys.LoadOrCreate(temp.Keys);
        using var otherKeys = DeviceKeys.LoadOrCreate(other.Keys);
        var hash = keys.Correlate("value"u8);
        Assert.Equal(32, hash.Length);
        Assert.True(hash.All(char.IsAsciiHexDigitLower));
        Assert.NotEqual(hash, keys.Correlate("other"u8));
        Assert.NotEqual(hash, otherKeys.Correlate("value"u8));
    }

    [Fact]
    public async Task Processes_that_race_for_the_first_run_end_with_the_same_keys()
    {
        for (var round = 0; round < 5; round++)
        {
            using var temp = new TempLog();
            var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
                () =>
                {
                    using var keys = DeviceKeys.LoadOrCreate(temp.Keys);
                    return (keys.DeviceId, keys.PublicKey, keys.Correlate("value"u8));
                },
                TestContext.Current.CancellationToken)));
            Assert.Single(all.Distinct());
            Assert.Equal(5, Directory.GetFiles(temp.Keys).Length);
        }
    }

    [Theory]
    [InlineData(DeviceKeys.PrivateKeyFile)]
    [InlineData(DeviceKeys.CorrelationKeyFile)]
    public void A_key_that_others_can_read_is_refused_with_the_mend(string file)
    {
        using var temp = new TempLog();
        DeviceKeys.LoadOrCreate(temp.Keys).Dispose();
        var path = Path.Combine(temp.Keys, file);
        UnixMode.Set(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Contains($"chmod 600 '{path}'", Assert.Throws<AuditException>(() => DeviceKeys.LoadOrCreate(temp.Keys)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_keys_folder_that_others_can_enter_is_refused_with_the_mend()
    {
        using var temp = new TempLog();
        DeviceKeys.LoadOrCreate(temp.Keys).Dispose();
        UnixMode.Set(temp.Keys, UnixMode.Get(temp.Keys) | UnixFileMode.OtherExecute);
        Assert.Contains("chmod 700", Assert.Throws<AuditException>(() => DeviceKeys.LoadOrCreate(temp.Keys)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DeviceKeys.PrivateKeyFile)]
    [InlineData(DeviceKeys.CorrelationKeyFile)]
    [InlineData(DeviceKeys.IdFile)]
    public void A_damaged_key_is_refused_and_not_replaced(string file)
    {
        using var temp = new TempLog();
        DeviceKeys.LoadOrCreate(temp.Keys).Dispose();
        var path = Path.Combine(temp.Keys, file);
        File.WriteAllText(path, "half a k");
        Assert.Contains("damaged", Assert.Throws<AuditException>(() => DeviceKeys.LoadOrCreate(temp.Keys)).Message, StringComparison.Ordinal);
        Assert.Equal("half a k", File.ReadAllText(path));
    }
}
