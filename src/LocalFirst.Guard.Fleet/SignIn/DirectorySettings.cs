using Microsoft.Extensions.Configuration;

namespace LocalFirst.Guard.Fleet.SignIn;

/// <summary>
/// The directory, as the <c>AzureAd</c> section of Microsoft.Identity.Web names it. Entra ID by <c>Instance</c> and <c>TenantId</c>; any other OpenID
/// Connect provider by <c>Authority</c>.
/// </summary>
public sealed class DirectorySettings
{
    /// <summary>Name of the section; environment variables are <c>AzureAd__ClientSecret</c> and the like.</summary>
    public const string SectionName = "AzureAd";

    /// <summary>Keys that the configuration file may have under <c>azureAd</c>; secrets belong into the environment.</summary>
    public static IReadOnlyList<string> Keys { get; } = ["instance", "tenantId", "authority", "clientId", "audience", "deviceClientId", "scope"];

    private readonly IConfigurationSection _section;

    /// <summary>Reads the section.</summary>
    /// <param name="configuration">The configuration that has it.</param>
    /// <exception cref="DirectorySettingsException">It is not complete.</exception>
    public DirectorySettings(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _section = configuration.GetSection(SectionName);
        if (string.IsNullOrWhiteSpace(ClientId))
        {
            throw new DirectorySettingsException("azureAd.clientId is missing in guard.yaml.", "Register the server in the directory and write its application (client) id there.");
        }

        if (_section["Authority"] is null && (string.IsNullOrWhiteSpace(_section["Instance"]) || string.IsNullOrWhiteSpace(TenantId)))
        {
            throw new DirectorySettingsException("azureAd in guard.yaml names no directory.", "Write instance (https://login.microsoftonline.com/) and tenantId, or authority for another OpenID Connect provider.");
        }

        if (TenantId is "organizations" or "common" or "consumers")
        {
            throw new DirectorySettingsException($"azureAd.tenantId '{TenantId}' would let other companies' accounts in.", "Write the id of your own tenant.");
        }

        if (!IsGeneric && !Guid.TryParse(TenantId, out _))
        {
            throw new DirectorySettingsException("azureAd.tenantId is not the id of a tenant.", "Write the directory (tenant) id, a GUID: tokens carry that, and a domain name would never fit it.");
        }

        if (!Uri.TryCreate(Authority, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps)
        {
            throw new DirectorySettingsException($"The directory's address '{Authority}' is not an https address.", "Tokens and keys are only as good as the connection that they come over: write an https address.");
        }
    }

    /// <summary>The section, for Microsoft.Identity.Web.</summary>
    public IConfigurationSection Section => _section;

    /// <summary>Application id of the server.</summary>
    public string ClientId => _section["ClientId"] ?? "";

    /// <summary>The tenant whose accounts are let in; null for a provider without tenants.</summary>
    public string? TenantId => _section["TenantId"];

    /// <summary>Whether the provider is named by its address alone.</summary>
    public bool IsGeneric => _section["Authority"] is not null;

    /// <summary>Issuer address.</summary>
    public string Authority => _section["Authority"] ?? $"{_section["Instance"]!.TrimEnd('/')}/{TenantId}/v2.0";

    /// <summary>Application id that devices sign in with: a public client; the server's own unless another is named.</summary>
    public string DeviceClientId => _section["DeviceClientId"] ?? ClientId;

    /// <summary>The scope that devices ask for.</summary>
    public string Scope => _section["Scope"] ?? $"api://{ClientId}/.default";

    /// <summary>A configuration of what the file says, and the environment over it.</summary>
    /// <param name="file">The keys of the file.</param>
    public static IConfiguration Configuration(IReadOnlyDictionary<string, string> file) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(file.Select(f => KeyValuePair.Create($"{SectionName}:{f.Key}", (string?)f.Value)))
            .AddEnvironmentVariables()
            .Build();
}

/// <summary>The directory's settings cannot be used.</summary>
/// <param name="what">What is wrong.</param>
/// <param name="next">What to do.</param>
public sealed class DirectorySettingsException(string what, string next) : Exception($"{what}\n  → {next}");
