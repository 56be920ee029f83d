using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using NSec.Cryptography;

namespace LocalFirst.Guard.Fleet.Requests;

/// <summary>
/// The one form of HTTP message signature (RFC 9421) that devices use: Ed25519 over method, authority, path, query and content digest (RFC 9530), with
/// time, nonce, device id and our tag. A fixed form needs no general parser, and leaves nothing to negotiate.
/// </summary>
public sealed partial record DeviceSignature
{
    /// <summary>Header with what is signed.</summary>
    public const string InputHeader = "Signature-Input";

    /// <summary>Header with the signature.</summary>
    public const string SignatureHeader = "Signature";

    /// <summary>Header with the digest of the body.</summary>
    public const string DigestHeader = "Content-Digest";

    private const string Components = "(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\")";

    /// <summary>The device (<c>keyid</c>).</summary>
    public required string Device { get; init; }

    /// <summary>When it was signed, by the device's clock; whole seconds.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>128 random bits in hex: a signature is good once.</summary>
    public required string Nonce { get; init; }

    /// <summary>64 bytes.</summary>
    public byte[] Signature { get; private init; } = [];

    private string Parameters => string.Create(
        CultureInfo.InvariantCulture,
        $"{Components};created={Created.ToUnixTimeSeconds()};keyid=\"{Device}\";alg=\"ed25519\";nonce=\"{Nonce}\";tag=\"localfirst-guard\"");

    /// <summary>Value of <c>Signature-Input</c>.</summary>
    public string InputValue => "guard=" + Parameters;

    /// <summary>Value of <c>Signature</c>.</summary>
    public string SignatureValue => $"guard=:{Convert.ToBase64String(Signature)}:";

    /// <summary>Value of <c>Content-Digest</c> for a body.</summary>
    /// <param name="body">The body; may be empty.</param>
    public static string DigestOf(ReadOnlySpan<byte> body) => $"sha-256=:{Convert.ToBase64String(SHA256.HashData(body))}:";

    /// <summary>Signs a request.</summary>
    /// <param name="device">Device id.</param>
    /// <param name="sign">Signs bytes with the device's key.</param>
    /// <param name="request">What is signed of the request.</param>
    /// <param name="now">The time here.</param>
    public static DeviceSignature Create(string device, Func<byte[], byte[]> sign, SignedRequest request, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(sign);
        var unsigned = new DeviceSignature
        {
            Device = device,
            Created = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()),
            Nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
        };
        return unsigned with { Signature = sign(unsigned.Base(request)) };
    }

    /// <summary>Reads the headers of a request; null when they are not of this form.</summary>
    /// <param name="input">Value of <c>Signature-Input</c>.</param>
    /// <param name="signature">Value of <c>Signature</c>.</param>
    public static DeviceSignature? Parse(string input, string signature)
    {
        var match = InputForm().Match(input ?? "");
        var value = SignatureForm().Match(signature ?? "");
        return match.Success && value.Success
            ? new DeviceSignature
            {
                Created = DateTimeOffset.FromUnixTimeSeconds(long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)),
                Device = match.Groups[2].Value,
                Nonce = match.Groups[3].Value,
                Signature = Convert.FromBase64String(value.Groups[1].Value),
            }
            : null;
    }

    /// <summary>Whether the signature is the key's over this request.</summary>
    /// <param name="publicKey">Raw Ed25519 public key.</param>
    /// <param name="request">What is signed of the request.</param>
    public bool Verify(ReadOnlySpan<byte> publicKey, SignedRequest request) =>
        PublicKey.TryImport(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey, out var key)
        && SignatureAlgorithm.Ed25519.Verify(key!, Base(request), Signature);

    // RFC 9421 §2.5
    private byte[] Base(SignedRequest request) => Encoding.UTF8.GetBytes(
        $"""
        "@method": {request.Method}
        "@authority": {request.Authority}
        "@path": {request.Path}
        "@query": {request.Query}
        "content-digest": {request.Digest}
        "@signature-params": {Parameters}
        """.ReplaceLineEndings("\n"));

    [GeneratedRegex("^guard=\\(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\"\\);created=(0|[1-9][0-9]{0,10});keyid=\"([0-9a-f]{32})\";alg=\"ed25519\";nonce=\"([0-9a-f]{32})\";tag=\"localfirst-guard\"\\z", RegexOptions.CultureInvariant)]
    private static partial Regex InputForm();

    // 64 bytes in base64.
    [GeneratedRegex("^guard=:([A-Za-z0-9+/]{86}==):\\z", RegexOptions.CultureInvariant)]
    private static partial Regex SignatureForm();
}

/// <summary>What a signature covers of a request (RFC 9421 §2.2).</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Authority">Host in lower case, with the port unless it is the scheme's own.</param>
/// <param name="Path">Path as it is sent.</param>
/// <param name="Query">Query with its question mark; a question mark alone when there is none.</param>
/// <param name="Digest">Value of <c>Content-Digest</c>.</param>
public readonly record struct SignedRequest(string Method, string Authority, string Path, string Query, string Digest)
{
    /// <summary>The parts of a URI.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="uri">Absolute URI.</param>
    /// <param name="digest">Value of <c>Content-Digest</c>.</param>
    public static SignedRequest Of(string method, Uri uri, string digest)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return new SignedRequest(method, uri.Authority.ToLowerInvariant(), uri.AbsolutePath, uri.Query.Length == 0 ? "?" : uri.Query, digest);
    }
}
