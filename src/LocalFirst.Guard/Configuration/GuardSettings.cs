using System.Net;

namespace LocalFirst.Guard.Configuration;

/// <summary>What <c>guard.yaml</c> says. A missing file, or a missing key, means the value given here.</summary>
internal sealed record GuardSettings
{
    /// <summary>Keys of the file, as <c>schemas/guard.schema.json</c> lists them too (a test keeps both the same).</summary>
    public static readonly IReadOnlyList<string> Keys = ["listen", "portal", "policy", "upstreams", "upstreamTrust", "models", "prices", "server", "fleet", "azureAd", "plans"];

    /// <summary>Where the proxy listens; loopback only.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 8899);

    /// <summary>Where the portal listens; loopback only.</summary>
    public IPEndPoint Portal { get; init; } = new(IPAddress.Loopback, 8898);

    /// <summary>Name of a built-in policy, or the absolute path of a policy file.</summary>
    public string Policy { get; init; } = "default";

    /// <summary>Whether the file names the policy: on a device of a fleet it then makes the fleet's stricter; the default does not.</summary>
    public bool NamesPolicy { get; init; }

    /// <summary>Base addresses that take the place of providers' hosts; keys compare without case.</summary>
    public IReadOnlyDictionary<string, Uri> Upstreams { get; init; } = new Dictionary<string, Uri>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Absolute path of a PEM file with extra roots for <see cref="Upstreams"/>; null when there is none.</summary>
    public string? UpstreamTrust { get; init; }

    /// <summary>Local models, the preferred one first. Empty: whatever <c>guard model</c> chose.</summary>
    public IReadOnlyList<ModelSettings> Models { get; init; } = [];

    /// <summary>Absolute paths of price files of the user's own, which go before the prices that ship with the product.</summary>
    public IReadOnlyList<string> Prices { get; init; } = [];

    /// <summary>The fleet server that this device is enrolled with; null when there is none.</summary>
    public Uri? Server { get; init; }

    /// <summary>What <c>guard server</c> needs; null where this home is no server's.</summary>
    public FleetSettings Fleet { get; init; } = new();

    /// <summary>The directory of <c>guard server</c>, as Microsoft.Identity.Web names its keys.</summary>
    public IReadOnlyDictionary<string, string> AzureAd { get; init; } = new Dictionary<string, string>();

    /// <summary>The administrator's inventory: provider id → ids of the terms that the company's requests to it are under (evidence E0).</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Plans { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}

/// <summary>The fleet's server.</summary>
internal sealed record FleetSettings
{
    /// <summary>Keys of the section.</summary>
    public static readonly IReadOnlyList<string> Keys = ["name", "listen", "certificate", "certificateKey", "database", "bundleDays", "assignments"];

    /// <summary>Name of the fleet, for people.</summary>
    public string Name { get; init; } = "LocalFirst.Guard";

    /// <summary>Where the server listens; anything but loopback needs a certificate.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 8443);

    /// <summary>Absolute path of the PEM file of the certificate with its chain; null for plain HTTP on loopback.</summary>
    public string? Certificate { get; init; }

    /// <summary>Absolute path of the PEM file of its key; null when it is in <see cref="Certificate"/>.</summary>
    public string? CertificateKey { get; init; }

    /// <summary>PostgreSQL connection string or path of an SQLite file; null for <c>fleet.db</c> in the home.</summary>
    public string? Database { get; init; }

    /// <summary>Days for which a device that hears nothing obeys its policy, 1…90.</summary>
    public int BundleDays { get; init; } = 7;

    /// <summary>Absolute path of the file with the policy assignments; null when they are kept in the database and changed in the portal.</summary>
    public string? Assignments { get; init; }
}

/// <summary>One local model: an embedded one (<see cref="Name"/>) or an OpenAI-compatible endpoint that the operator names (<see cref="Url"/>).</summary>
internal sealed record ModelSettings
{
    /// <summary>Keys of an entry.</summary>
    public static readonly IReadOnlyList<string> Keys = ["name", "url", "model", "context", "natives", "requireConfinement"];

    /// <summary>Name of an embedded model: <c>models/NAME.gguf</c> of the home; null with <see cref="Url"/>.</summary>
    public string? Name { get; init; }

    /// <summary>Base address of an OpenAI-compatible endpoint; null with <see cref="Name"/>.</summary>
    public Uri? Url { get; init; }

    /// <summary>The model to ask that endpoint for; null for the only one it has.</summary>
    public string? Model { get; init; }

    /// <summary>Context window in tokens; null for what the model was trained with.</summary>
    public int? Context { get; init; }

    /// <summary>Absolute path of the folder with llama.cpp's libraries; null for those that came with the product.</summary>
    public string? Natives { get; init; }

    /// <summary>Refuse to run the model where the kernel does not let it be confined.</summary>
    public bool RequireConfinement { get; init; }
}
