using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>
/// The part of a directory that a server asks by itself: metadata and keys, over HTTPS on one port, and tokens made to order. It can be stopped, come
/// back, and be wrong; the real provider (<see cref="OidcProvider"/>) is for what people do with it.
/// </summary>
internal sealed class FakeDirectory : IAsyncDisposable
{
    private readonly RSA _key = RSA.Create(2048);
    private readonly int _port;
    private WebApplication? _app;

    public FakeDirectory(int port) => _port = port;

    public Uri Instance => new($"https://localhost:{_port}/");

    public string Issuer => $"{Instance}{OidcProvider.Tenant}/v2.0";

    /// <summary>Answers the metadata with this status instead.</summary>
    public int Status { get; set; } = StatusCodes.Status200OK;

    /// <summary>What it calls itself.</summary>
    public string? ClaimedIssuer { get; set; }

    public async Task StartAsync(X509Certificate2 certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port, listen => listen.UseHttps(certificate)));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
    }

    public async Task StopAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
            _app = null;
        }
    }

    /// <summary>An access token of a person who may enrol devices.</summary>
    public string Token(string person, params string[] groups)
    {
        var now = DateTime.UtcNow;
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = OidcProvider.Client,
            NotBefore = now.AddHours(-1),
            IssuedAt = now.AddHours(-1),
            Expires = now.AddHours(6),
            SigningCredentials = new SigningCredentials(new RsaSecurityKey(_key) { KeyId = "test-key" }, SecurityAlgorithms.RsaSha256),
            Claims = new Dictionary<string, object>
            {
                ["ver"] = "2.0",
                ["sub"] = person,
                ["oid"] = "oid-" + person,
                ["tid"] = OidcProvider.Tenant,
                ["preferred_username"] = $"{person}@example.test",
                ["roles"] = new[] { "Agent.Upload" },
                ["groups"] = groups,
            },
        });
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _key.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        if (Status != StatusCodes.Status200OK)
        {
            return;
        }

        if (context.Request.Path.Value!.EndsWith("/.well-known/openid-configuration", StringComparison.Ordinal))
        {
            await context.Response.WriteAsJsonAsync(new Dictionary<string, object>
            {
                ["issuer"] = ClaimedIssuer ?? Issuer,
                ["authorization_endpoint"] = $"{Instance}authorize",
                ["token_endpoint"] = $"{Instance}token",
                ["jwks_uri"] = $"{Instance}keys",
                ["response_types_supported"] = new[] { "code" },
                ["subject_types_supported"] = new[] { "public" },
                ["id_token_signing_alg_values_supported"] = new[] { "RS256" },
            });
            return;
        }

        var parameters = _key.ExportParameters(includePrivateParameters: false);
        await context.Response.WriteAsJsonAsync(new
        {
            keys = new[] { new { kty = "RSA", use = "sig", alg = "RS256", kid = "test-key", n = Base64UrlEncoder.Encode(parameters.Modulus), e = Base64UrlEncoder.Encode(parameters.Exponent) } },
        });
    }
}
