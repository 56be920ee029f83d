using System.Text.Json;

namespace LocalFirst.Guard.Tests.Reports;

/// <summary>As much of JSON Schema as the report's schema uses: type, const, required, properties, additionalProperties, items, $ref.</summary>
internal static class SmallSchema
{
    public static IEnumerable<string> Problems(JsonElement schema, JsonElement value, JsonElement root, string at)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            schema = root.GetProperty("$defs").GetProperty(reference.GetString()!["#/$defs/".Length..]);
        }

        if (schema.TryGetProperty("const", out var only) && only.GetRawText() != value.GetRawText())
        {
            yield return $"{at} is not {only}";
        }

        if (schema.TryGetProperty("type", out var type) && !(type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()) : [type.GetString()]).Contains(TypeOf(value)))
        {
            yield return $"{at} is {TypeOf(value)}";
        }

        if (value.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties))
        {
            foreach (var name in schema.GetProperty("required").EnumerateArray().Where(n => !value.TryGetProperty(n.GetString()!, out _)))
            {
                yield return $"{at}.{name} is missing";
            }

            foreach (var member in value.EnumerateObject())
            {
                if (!properties.TryGetProperty(member.Name, out var inner))
                {
                    yield return $"{at}.{member.Name} is not in the schema";
                    continue;
                }

                foreach (var problem in Problems(inner, member.Value, root, $"{at}.{member.Name}"))
                {
                    yield return problem;
                }
            }
        }

        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
        {
            foreach (var problem in value.EnumerateArray().SelectMany((item, i) => Problems(items, item, root, $"{at}[{i}]")))
            {
                yield return problem;
            }
        }
    }

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "integer",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => "null",
    };
}
