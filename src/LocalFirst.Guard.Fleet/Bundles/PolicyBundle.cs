using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Assignment;

namespace LocalFirst.Guard.Fleet.Bundles;

/// <summary>One policy of a bundle.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Yaml">Its text.</param>
public sealed record BundledPolicy(string Name, string Yaml);

/// <summary>What a device is told to obey. Travels as one line of JSON in a signed note (C2SP signed-note).</summary>
public sealed record PolicyBundle
{
    /// <summary>Version of the form.</summary>
    public const int Form = 1;

    /// <summary>Largest note in characters: ten policies of the largest size.</summary>
    public const int MaxLength = 4 * 1024 * 1024;

    /// <summary>The fleet.</summary>
    public required string Fleet { get; init; }

    /// <summary>The device that it is for.</summary>
    public required string Device { get; init; }

    /// <summary>From 1; grows whenever the content changes.</summary>
    public required long Version { get; init; }

    /// <summary>When it was signed; whole seconds.</summary>
    public required DateTimeOffset Issued { get; init; }

    /// <summary>Until when a device that hears nothing newer obeys it; whole seconds.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>What then happens to everything that would leave: <see cref="PolicyAction.Local"/> or <see cref="PolicyAction.Block"/>.</summary>
    public required PolicyAction Expired { get; init; }

    /// <summary>The policies, of which all rules hold together.</summary>
    public required IReadOnlyList<BundledPolicy> Policies { get; init; }

    /// <summary>Ids of the assignments that decided.</summary>
    public required IReadOnlyList<string> Assignments { get; init; }

    /// <summary>How new it is.</summary>
    public BundleMark Mark => new(Version, Issued);

    /// <summary>The policy that these make together.</summary>
    /// <exception cref="LocalFirst.Guard.Policies.Yaml.YamlFileException">One of them is none.</exception>
    public Policy ToPolicy() => JoinedPolicy.Of([.. Policies.Select(p => PolicyFile.Parse(Encoding.UTF8.GetBytes(p.Yaml), $"bundle/{p.Name}.yaml"))]);

    /// <summary>The text that is signed, with its final line feed.</summary>
    public string ToText() => Write(withTimes: true) + "\n";

    /// <summary>What it says besides version and times: equal for equal content.</summary>
    public string Content() => Write(withTimes: false);

    /// <summary>Reads the text of a note.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">Not a bundle of this form.</exception>
    public static PolicyBundle Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var json = document.RootElement;
            if (json.GetProperty("v").GetInt32() != Form)
            {
                throw new FormatException("The policy bundle has a form that this version of guard does not know. Update guard.");
            }

            return new PolicyBundle
            {
                Fleet = json.GetProperty("fleet").GetString()!,
                Device = json.GetProperty("device").GetString()!,
                Version = json.GetProperty("version").GetInt64(),
                Issued = DateTimeOffset.FromUnixTimeSeconds(json.GetProperty("issued").GetInt64()),
                Expires = DateTimeOffset.FromUnixTimeSeconds(json.GetProperty("expires").GetInt64()),
                Expired = json.GetProperty("expired").GetString() == "local" ? PolicyAction.Local : PolicyAction.Block,
                Policies = [.. json.GetProperty("policies").EnumerateArray().Select(p => new BundledPolicy(p.GetProperty("name").GetString()!, p.GetProperty("yaml").GetString()!))],
                Assignments = [.. json.GetProperty("assignments").EnumerateArray().Select(a => a.GetString()!)],
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            throw new FormatException("The text is not a policy bundle.", e);
        }
    }

    private string Write(bool withTimes)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("v", Form);
            json.WriteString("fleet", Fleet);
            json.WriteString("device", Device);
            if (withTimes)
            {
                json.WriteNumber("version", Version);
                json.WriteNumber("issued", Issued.ToUnixTimeSeconds());
                json.WriteNumber("expires", Expires.ToUnixTimeSeconds());
            }

            json.WriteString("expired", Expired == PolicyAction.Local ? "local" : "block");
            json.WriteStartArray("policies");
            foreach (var policy in Policies)
            {
                json.WriteStartObject();
                json.WriteString("name", policy.Name);
                json.WriteString("yaml", policy.Yaml);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("assignments");
            foreach (var id in Assignments)
            {
                json.WriteStringValue(id);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
