using System.Text.Json;
using System.Text.RegularExpressions;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Protocols;

public sealed class TermsTests
{
    private const string Row = "vendor: V\nasOf: 2026-01-02\nterms:\n  - id: a\n    product: P\n    plan: any\n    recognised: By the host.\n    trains: \"no\"\n    evidence: E0\n    sources:\n      - source: https://v.example/terms\n        kind: primary\n";

    private static readonly TermsCatalogue Shipped = TermsCatalogue.LoadBuiltIn();

    [Fact]
    public void Every_shipped_row_satisfies_the_schema_and_names_providers_and_hosts_of_the_catalogue()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(Repository("schemas/terms.schema.json")));
        var row = schema.RootElement.GetProperty("properties").GetProperty("terms").GetProperty("items").GetProperty("properties");
        var id = new Regex(row.GetProperty("id").GetProperty("pattern").GetString()!);
        var credential = new Regex(row.GetProperty("credentials").GetProperty("items").GetProperty("pattern").GetString()!);
        Assert.True(Shipped.Rows.Count >= 30);
        Assert.All(Shipped.Rows, terms =>
        {
            Assert.Matches(id, terms.Id);
            Assert.True(terms.Reference.Length <= 64, terms.Reference);
            Assert.NotEmpty(terms.Sources);
            Assert.All(terms.Credentials, c => Assert.Matches(credential, c));
            Assert.All(terms.Providers, p => Assert.Contains(Some.Catalogue.Providers, known => known.Id == p));
            Assert.All(terms.Hosts, host => Assert.Contains(terms.Providers, p => Some.Catalogue.FindByHost(host)?.Id == p));
        });
    }

    [Fact]
    public void The_schema_knows_the_readers_keys_and_words()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(Repository("schemas/terms.schema.json")));
        var root = schema.RootElement;
        var row = root.GetProperty("properties").GetProperty("terms").GetProperty("items");
        var properties = row.GetProperty("properties");
        Assert.Equal(TermsFile.Keys, Names(root));
        Assert.Equal(TermsFile.RowKeys, Names(row));
        Assert.Equal(TermsFile.TrainsWords, Words(properties.GetProperty("trains")));
        Assert.Equal(TermsFile.Levels, Words(properties.GetProperty("evidence")));
        Assert.Equal(TermsFile.Kinds, Words(properties.GetProperty("sources").GetProperty("items").GetProperty("properties").GetProperty("kind")));
        Assert.Equal(TermsFile.MaxId, properties.GetProperty("id").GetProperty("maxLength").GetInt32());
        Assert.Equal(TermsFile.MaxDays, properties.GetProperty("retentionDays").GetProperty("maximum").GetInt32());

        static IEnumerable<string> Names(JsonElement at) => at.GetProperty("properties").EnumerateObject().Select(p => p.Name);
        static IEnumerable<string?> Words(JsonElement at) => at.GetProperty("enum").EnumerateArray().Select(w => w.GetString());
    }

    [Fact]
    public void A_row_of_terms_is_no_provider_file() => Assert.DoesNotContain(Some.Catalogue.Providers, p => p.Id.Contains("terms", StringComparison.Ordinal));

    [Theory]
    [InlineData("trains: \"no\"", "trains: maybe", 8, "yes, opt-out, no, unknown")]
    [InlineData("evidence: E0", "evidence: E6", 9, "E0")]
    [InlineData("kind: primary", "kind: rumour", 12, "primary")]
    [InlineData("asOf: 2026-01-02", "asOf: January", 2, "YYYY-MM-DD")]
    [InlineData("asOf: 2026-01-02\n", "", 1, "'asOf' is missing")]
    [InlineData("plan: any", "plan: any\n    retentionDays: 1.5", 7, "whole number")]
    [InlineData("plan: any", "plan: any\n    retentionDays: -1", 7, "whole number")]
    [InlineData("plan: any", "plan: any\n    price: 3", 7, "unknown key 'price'")]
    [InlineData("plan: any", "plan: any\n    hosts: ['*.v.example']", 7, "host")]
    [InlineData("plan: any", "plan: any\n    credentials: ['sk ']", 7, "credential")]
    [InlineData("id: a", "id: A", 4, "'id'")]
    [InlineData("    sources:\n      - source: https://v.example/terms\n        kind: primary\n", "", 4, "'sources'")]
    [InlineData("  - id: a", "  - x\n  - id: a", 4, "mapping")]
    public void A_malformed_file_is_named_with_its_line(string good, string bad, int line, string word)
    {
        Assert.Contains(good, Row, StringComparison.Ordinal);
        var error = Assert.Throws<CatalogueException>(() => TermsCatalogue.Load([new("v.yaml", Row.Replace(good, bad, StringComparison.Ordinal))]));
        Assert.Equal(("v.yaml", line), (error.File, error.Line));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_rows_cannot_have_one_id()
    {
        var error = Assert.Throws<CatalogueException>(() => TermsCatalogue.Load([new("a.yaml", Row), new("b.yaml", Row)]));
        Assert.Equal("b.yaml", error.File);
    }

    [Fact]
    public void What_no_source_answered_is_not_known_and_never_no()
    {
        var terms = Assert.Single(TermsCatalogue.Load([new("v.yaml", Row.Replace("\"no\"", "unknown", StringComparison.Ordinal))]).Rows);
        Assert.Equal(TrainingUse.Unknown, terms.Trains);
        Assert.Null(terms.RetentionDays);
        Assert.Equal("a@2026-01-02", terms.Reference);
        Assert.Equal(new DateOnly(2026, 4, 2), terms.FreshUntil);
        Assert.Equal(TrainingUse.Unknown, Shipped.Find("deepseek-api")!.Trains);
        Assert.Null(Shipped.Find("deepseek-api")!.RetentionDays);
    }

    [Theory]
    [InlineData("api.anthropic.com", "x-api-key", "sk-ant-api03-", "anthropic-api", TermsBasis.Request)]
    [InlineData("api.anthropic.com", "authorization", "Bearer sk-ant-oat01-", "anthropic-claude-consumer", TermsBasis.LeastFavourable)]
    [InlineData("api.anthropic.com", "authorization", "Bearer something-else", "anthropic-claude-consumer", TermsBasis.LeastFavourable)]
    [InlineData("api.anthropic.com", null, "", "anthropic-claude-consumer", TermsBasis.LeastFavourable)]
    [InlineData("api.openai.com", "authorization", "Bearer sk-proj-", "openai-api", TermsBasis.Request)]
    [InlineData("generativelanguage.googleapis.com", "x-goog-api-key", "AIza", "google-gemini-api-free", TermsBasis.LeastFavourable)]
    [InlineData("api.individual.githubcopilot.com", "authorization", "Bearer x", "github-copilot-individual", TermsBasis.Request)]
    [InlineData("api.business.githubcopilot.com", "authorization", "Bearer x", "github-copilot-business-enterprise", TermsBasis.Request)]
    [InlineData("api.githubcopilot.com", "authorization", "Bearer x", "github-copilot-individual", TermsBasis.LeastFavourable)]
    public void A_request_that_does_not_tell_its_plan_is_under_the_least_favourable(string host, string? header, string credential, string id, TermsBasis basis)
    {
        // The rest of a credential does not matter, and a real one never stands in a test.
        var request = header is null ? Some.Request(host, "/v1/x", default) : Some.Request(host, "/v1/x", default, "POST", (header, credential + "0000"));
        var resolved = new TermsResolver(Shipped, Nothing).Resolve(request);
        Assert.Equal((id, basis), (resolved?.Terms.Id, resolved!.Basis));
    }

    [Fact]
    public void A_second_credential_does_not_make_the_terms_look_better()
    {
        var request = Some.Request("api.anthropic.com", "/v1/messages", default, "POST", ("x-api-key", "sk-ant-api03-0"), ("authorization", "Bearer sk-ant-oat01-0"));
        Assert.Equal("anthropic-claude-consumer", new TermsResolver(Shipped, Nothing).Resolve(request)!.Terms.Id);
    }

    [Fact]
    public void The_inventory_says_what_a_request_cannot_tell_and_nothing_against_it()
    {
        var resolver = new TermsResolver(Shipped, new Dictionary<string, IReadOnlyList<string>> { ["anthropic"] = ["anthropic-claude-for-work"], ["cursor"] = ["cursor-privacy-on"] });
        var work = resolver.Resolve(Some.Request("api.anthropic.com", "/v1/messages", default, "POST", ("authorization", "Bearer sk-ant-oat01-0")))!;
        Assert.Equal(("anthropic-claude-for-work", TermsBasis.Inventory, 2), (work.Terms.Id, work.Basis, work.Possible.Count));
        var api = resolver.Resolve(Some.Request("api.anthropic.com", "/v1/messages", default, "POST", ("x-api-key", "sk-ant-api03-0")))!;
        Assert.Equal(("anthropic-api", TermsBasis.Request), (api.Terms.Id, api.Basis));
        Assert.Equal("cursor-privacy-on", resolver.Resolve(Some.Request("api2.cursor.sh", "/x", default))!.Terms.Id);
    }

    [Fact]
    public void A_host_that_no_row_speaks_of_has_no_terms()
    {
        var resolver = new TermsResolver(Shipped, Nothing);
        Assert.Null(resolver.Resolve(Some.Request("api.cerebras.ai", "/v1/x", default)));
        Assert.Null(resolver.Resolve(Some.Request("codestral.mistral.ai", "/v1/x", default)));
    }

    private static Dictionary<string, IReadOnlyList<string>> Nothing => [];

    private static string Repository(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LocalFirst.Guard.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder!.FullName, path);
    }
}
