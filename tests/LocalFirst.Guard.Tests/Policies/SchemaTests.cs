using System.Text.Json;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Fleet.SignIn;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Assignment;
using Xunit;

namespace LocalFirst.Guard.Tests.Policies;

/// <summary>Editors check by the schemas, the product by its readers: both must know the same words.</summary>
public sealed class SchemaTests
{
    [Fact]
    public void The_policy_schema_knows_the_readers_keys_and_words()
    {
        var schema = Schema("policy.schema.json");
        var defs = schema.GetProperty("$defs");
        Assert.Equal(PolicyWords.PolicyKeys, Keys(schema));
        Assert.Equal(PolicyWords.RuleKeys, Keys(defs.GetProperty("rule")));
        Assert.Equal(PolicyWords.BudgetKeys, Keys(schema.GetProperty("properties").GetProperty("budget")));
        Assert.Equal(PolicyFile.MaxBudgetUsd, schema.GetProperty("properties").GetProperty("budget").GetProperty("properties").GetProperty("monthlyUsd").GetProperty("maximum").GetInt32());
        Assert.Equal(PolicyFile.MaxModelLength, defs.GetProperty("rule").GetProperty("properties").GetProperty("model").GetProperty("maxLength").GetInt32());
        Assert.Equal(PolicyWords.WhenKeys, Keys(defs.GetProperty("when")));
        Assert.Equal(PolicyWords.Actions, Enum(defs.GetProperty("rule").GetProperty("properties").GetProperty("then")));
        Assert.Equal(PolicyWords.Detectors, Enum(defs.GetProperty("detectorWord")));
        Assert.Equal(PolicyWords.States, Enum(defs.GetProperty("stateWord")));
        Assert.Equal([.. PolicyWords.Phases, PolicyWords.Any], Enum(defs.GetProperty("phaseWord")));
        Assert.Equal(PolicyFile.MaxRules, schema.GetProperty("properties").GetProperty("rules").GetProperty("maxItems").GetInt32());
    }

    [Fact]
    public void The_configuration_schema_knows_the_readers_keys_and_defaults()
    {
        var schema = Schema("guard.schema.json");
        var defaults = new GuardSettings();
        var properties = schema.GetProperty("properties");
        Assert.Equal(GuardSettings.Keys, Keys(schema));
        Assert.Equal(ModelSettings.Keys, Keys(properties.GetProperty("models").GetProperty("items")));
        Assert.Equal(FleetSettings.Keys, Keys(properties.GetProperty("fleet")));
        Assert.Equal(DirectorySettings.Keys, Keys(properties.GetProperty("azureAd")));
        Assert.Equal(defaults.Fleet.Listen.ToString(), properties.GetProperty("fleet").GetProperty("properties").GetProperty("listen").GetProperty("default").GetString());
        Assert.Equal(defaults.Listen.ToString(), properties.GetProperty("listen").GetProperty("default").GetString());
        Assert.Equal(defaults.Portal.ToString(), properties.GetProperty("portal").GetProperty("default").GetString());
        Assert.Equal(defaults.Policy, properties.GetProperty("policy").GetProperty("default").GetString());
    }

    [Fact]
    public void The_assignments_schema_knows_the_readers_keys_and_bounds()
    {
        var schema = Schema("assignments.schema.json");
        var list = schema.GetProperty("properties").GetProperty("assignments");
        var item = list.GetProperty("items");
        Assert.Equal(AssignmentFile.Keys, Keys(schema));
        Assert.Equal(AssignmentFile.AssignmentKeys, Keys(item));
        Assert.Equal(AssignmentFile.IncludeKeys, Keys(item.GetProperty("properties").GetProperty("include")));
        Assert.Equal(AssignmentFile.MaxAssignments, list.GetProperty("maxItems").GetInt32());
        Assert.Equal(AssignmentFile.MaxPriority, item.GetProperty("properties").GetProperty("priority").GetProperty("maximum").GetInt32());
    }

    [Theory]
    [InlineData("assignments.schema.json")]
    [InlineData("policy.schema.json")]
    [InlineData("guard.schema.json")]
    [InlineData("prices.schema.json")]
    public void No_object_of_a_schema_takes_unknown_keys_and_no_reference_dangles(string file)
    {
        var root = Schema(file);
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", root.GetProperty("$schema").GetString());
        var objects = 0;
        Walk(root);
        Assert.True(objects > 1);

        void Walk(JsonElement at)
        {
            if (at.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in at.EnumerateArray())
                {
                    Walk(item);
                }
            }

            if (at.ValueKind != JsonValueKind.Object)
            {
                return;
            }

            if (at.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() == "object")
            {
                objects++;
                Assert.True(at.TryGetProperty("additionalProperties", out _));
            }

            if (at.TryGetProperty("$ref", out var reference))
            {
                Assert.True(root.GetProperty("$defs").TryGetProperty(reference.GetString()!["#/$defs/".Length..], out _));
            }

            foreach (var property in at.EnumerateObject())
            {
                Walk(property.Value);
            }
        }
    }

    [Theory]
    [InlineData("default.yaml")]
    [InlineData("strict.yaml")]
    public void A_shipped_policy_points_editors_to_the_schema(string file) =>
        Assert.StartsWith("# yaml-language-server: $schema=../schemas/policy.schema.json\n", File.ReadAllText(Path.Combine(Repository(), "policies", file)), StringComparison.Ordinal);

    private static IReadOnlyList<string> Keys(JsonElement schema) => [.. schema.GetProperty("properties").EnumerateObject().Select(p => p.Name)];

    private static IReadOnlyList<string> Enum(JsonElement schema) => [.. schema.GetProperty("enum").EnumerateArray().Select(e => e.GetString()!)];

    private static JsonElement Schema(string file) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository(), "schemas", file))).RootElement;

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "LocalFirst.Guard.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return folder.FullName;
    }
}
