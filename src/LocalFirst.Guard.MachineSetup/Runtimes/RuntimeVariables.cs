namespace LocalFirst.Guard.MachineSetup.Runtimes;

/// <summary>One environment variable that a runtime or tool looks at.</summary>
/// <param name="Name">Name, in the case that the tool expects.</param>
/// <param name="Value">Value.</param>
/// <param name="Why">Who reads it and what for, in one sentence.</param>
public sealed record RuntimeVariable(string Name, string Value, string Why);

/// <summary>
/// The environment that leads every runtime through the broker and lets it trust the broker's own root. <c>HTTP_PROXY</c> is left alone:
/// plain HTTP is no LLM traffic, and a tool that fetches over it should not depend on the broker.
/// </summary>
public static class RuntimeVariables
{
    /// <summary>What never goes through the proxy: the tools' own servers on this machine, and the broker itself.</summary>
    public const string Loopback = "localhost,127.0.0.1,::1,[::1]";

    /// <summary>The variables, in the order in which they are best read.</summary>
    /// <param name="proxy">The broker, for example <c>http://127.0.0.1:8899</c>.</param>
    /// <param name="caRootPem">PEM file with the broker's root alone, for variables that <em>add</em> to the built-in roots.</param>
    /// <param name="bundlePem">PEM file with the system's roots and the broker's, for variables that <em>replace</em> the built-in roots.</param>
    public static IReadOnlyList<RuntimeVariable> For(Uri proxy, string caRootPem, string bundlePem)
    {
        ArgumentNullException.ThrowIfNull(proxy);
        ArgumentException.ThrowIfNullOrEmpty(caRootPem);
        ArgumentException.ThrowIfNullOrEmpty(bundlePem);

        // Without a trailing slash: some clients append to the value as text.
        var address = proxy.GetLeftPart(UriPartial.Authority);
        return
        [
            new("HTTPS_PROXY", address, "Most tools and SDKs: where HTTPS goes."),
            new("https_proxy", address, "curl, wget and libcurl's users read the lower case first."),
            new("NO_PROXY", Loopback, "Local servers of the tools themselves stay direct."),
            new("no_proxy", Loopback, "The same for readers of the lower case."),
            new("NODE_USE_ENV_PROXY", "1", "Node's own fetch and https ignore HTTPS_PROXY without it (22.21, 24.0 and later)."),
            new("NODE_EXTRA_CA_CERTS", caRootPem, "Node, Electron and Bun: adds a root."),
            new("DENO_CERT", caRootPem, "Deno: adds a root."),
            new("SSL_CERT_FILE", bundlePem, "OpenSSL, Go, Python's ssl, Ruby and rustls-native-certs: replaces the roots."),
            new("REQUESTS_CA_BUNDLE", bundlePem, "Python requests: replaces certifi's roots."),
            new("CURL_CA_BUNDLE", bundlePem, "curl, and requests as a second choice: replaces the roots."),
            new("GIT_SSL_CAINFO", bundlePem, "git over HTTPS: replaces the roots."),
            new("AWS_CA_BUNDLE", bundlePem, "AWS CLI and boto3, which Bedrock's users have: replaces the roots."),
            new("CARGO_HTTP_CAINFO", bundlePem, "cargo: replaces the roots."),
            new("PIP_CERT", bundlePem, "pip: replaces certifi's roots."),
            new("HTTPLIB2_CA_CERTS", bundlePem, "httplib2, under Google's Python clients: replaces the roots."),
            new("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", bundlePem, "gRPC's core, under Google's clients: replaces the roots."),
            new("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", bundlePem, "gcloud: replaces the roots."),
            new("NIX_SSL_CERT_FILE", bundlePem, "Programs from Nix: replaces the roots, before SSL_CERT_FILE."),
            new("CODEX_CA_CERTIFICATE", bundlePem, "Codex: roots for its own HTTP and WebSocket clients, before SSL_CERT_FILE."),
        ];
    }

    /// <summary>The base URLs for clients that ignore a proxy.</summary>
    /// <param name="proxy">The broker, for example <c>http://127.0.0.1:8899</c>.</param>
    public static IReadOnlyList<RuntimeVariable> BaseUrls(Uri proxy)
    {
        ArgumentNullException.ThrowIfNull(proxy);
        return
        [
            new("OPENAI_BASE_URL", new Uri(proxy, "/openai/v1").ToString(), "OpenAI SDKs: the address up to the version."),
            new("ANTHROPIC_BASE_URL", new Uri(proxy, "/anthropic").ToString(), "Anthropic SDKs and Claude Code: the address before the version."),
        ];
    }
}
