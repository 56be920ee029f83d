using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Fleet.Requests;
using LocalFirst.Guard.Tests.Audit;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.Fleet;

public sealed class DeviceSignatureTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);
    private static readonly Uri Address = new("https://Fleet.example.test:8443/api/policy?x=1");

    private readonly TempLog _folder = new();
    private readonly DeviceIdentity _device;

    public DeviceSignatureTests() => _device = DeviceIdentity.Open(_folder.Keys);

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void What_a_device_signs_verifies_after_its_way_through_headers()
    {
        var request = SignedRequest.Of("POST", Address, DeviceSignature.DigestOf("body"u8));
        var sent = Sign(request);

        var received = DeviceSignature.Parse(sent.InputValue, sent.SignatureValue);

        Assert.NotNull(received);
        Assert.Equal(_device.DeviceId, received.Device);
        Assert.Equal(Now, received.Created);
        Assert.True(received.Verify(_device.PublicKey, request));
    }

    [Fact]
    public void Every_part_of_the_request_is_covered()
    {
        var request = SignedRequest.Of("POST", Address, DeviceSignature.DigestOf("body"u8));
        var signature = Sign(request);
        SignedRequest[] others =
        [
            request with { Method = "GET" },
            request with { Authority = "other.example.test" },
            request with { Path = "/api/log/add-entries" },
            request with { Query = "?" },
            request with { Digest = DeviceSignature.DigestOf("other"u8) },
        ];

        Assert.All(others, other => Assert.False(signature.Verify(_device.PublicKey, other)));
        Assert.False((signature with { Created = Now.AddSeconds(1) }).Verify(_device.PublicKey, request));
        Assert.False((signature with { Nonce = new string('0', 32) }).Verify(_device.PublicKey, request));
        Assert.False((signature with { Device = new string('0', 32) }).Verify(_device.PublicKey, request));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("guard=()", "guard=:AA==:")]
    [InlineData("sig1=(\"@method\");created=1", "sig1=:AA==:")]
    public void Another_form_is_no_signature(string input, string signature) => Assert.Null(DeviceSignature.Parse(input, signature));

    [Fact]
    public void A_nonce_is_good_once_and_forgotten_when_its_signature_cannot_be_accepted_any_more()
    {
        var time = new FakeTimeProvider(Now);
        var nonces = new NonceMemory(time, TimeSpan.FromMinutes(10));

        Assert.Equal(NonceUse.Fresh, nonces.Use(Hex(1), Hex(7)));
        Assert.Equal(NonceUse.Repeated, nonces.Use(Hex(1), Hex(7)));
        Assert.Equal(NonceUse.Fresh, nonces.Use(Hex(2), Hex(7)));
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(NonceUse.Fresh, nonces.Use(Hex(1), Hex(7)));
    }

    [Fact]
    public void A_device_that_floods_shuts_out_itself_alone_and_not_for_ever()
    {
        var time = new FakeTimeProvider(Now);
        var nonces = new NonceMemory(time, TimeSpan.FromMinutes(10));
        for (var i = 0; i < NonceMemory.MostOfOne; i++)
        {
            Assert.Equal(NonceUse.Fresh, nonces.Use(Hex(1), Hex(i)));
        }

        Assert.Equal(NonceUse.TooMany, nonces.Use(Hex(1), Hex(-1)));
        Assert.Equal(NonceUse.Repeated, nonces.Use(Hex(1), Hex(5)));
        Assert.Equal(NonceUse.Fresh, nonces.Use(Hex(2), Hex(-1)));
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(NonceUse.Fresh, nonces.Use(Hex(1), Hex(-1)));
    }

    [Fact]
    public void A_device_has_two_bodies_in_memory_at_most()
    {
        var gate = new UploadGate();
        var first = gate.TryEnter("a");
        using var second = gate.TryEnter("a");

        Assert.Null(gate.TryEnter("a"));
        using var other = gate.TryEnter("b");
        Assert.NotNull(other);
        first!.Dispose();
        first.Dispose();
        using var third = gate.TryEnter("a");
        Assert.NotNull(third);
        Assert.Null(gate.TryEnter("a"));
    }

    [Theory]
    [InlineData("created=1", "created=01")]
    [InlineData("created=1", "created=+1")]
    public void A_number_that_is_written_in_another_way_is_no_signature(string written, string otherwise)
    {
        var sent = Sign(SignedRequest.Of("GET", Address, DeviceSignature.DigestOf([])));

        Assert.NotNull(DeviceSignature.Parse(sent.InputValue, sent.SignatureValue));
        Assert.Null(DeviceSignature.Parse(sent.InputValue.Replace(written, otherwise, StringComparison.Ordinal), sent.SignatureValue));
    }

    private static string Hex(int number) => ((UInt128)(uint)number).ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    private DeviceSignature Sign(SignedRequest request) => DeviceSignature.Create(_device.DeviceId, message => _device.Sign(message), request, Now);
}
