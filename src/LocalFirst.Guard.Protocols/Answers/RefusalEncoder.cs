using System.Text.Json;

namespace LocalFirst.Guard.Protocols;

/// <summary>Writes a refusal in the shape of a provider's own errors, so that clients show its text instead of retrying.</summary>
public static class RefusalEncoder
{
    /// <summary>Encodes a refusal.</summary>
    /// <param name="errorShape"><see cref="ProviderEntry.ErrorShape"/>: <c>openai</c>, <c>anthropic</c> or <c>google</c>; anything else is written as openai, the most copied one.</param>
    /// <param name="refusal">What is refused and why.</param>
    public static EncodedAnswer Encode(string errorShape, Refusal refusal)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        return WireJson.Answer(refusal.Status, json =>
        {
            switch (errorShape)
            {
                case "anthropic":
                    WriteAnthropic(json, refusal);
                    break;
                case "google":
                    WriteGoogle(json, refusal);
                    break;
                default:
                    WriteOpenAi(json, refusal);
                    break;
            }
        });
    }

    // "Error codes" in OpenAI's API reference.
    internal static void WriteOpenAi(Utf8JsonWriter json, Refusal refusal)
    {
        json.WriteStartObject("error");
        json.WriteString("message", AnswerSource.Clean(refusal.Message));
        json.WriteString("type", refusal.Status switch
        {
            429 => "rate_limit_exceeded",
            >= 500 => "server_error",
            _ => "invalid_request_error",
        });
        json.WriteNull("param");
        json.WriteString("code", refusal.Code);
        json.WriteEndObject();
    }

    // "Errors" at docs.anthropic.com.
    private static void WriteAnthropic(Utf8JsonWriter json, Refusal refusal)
    {
        json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("type", refusal.Status switch
        {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            503 or 529 => "overloaded_error",
            >= 500 => "api_error",
            _ => "invalid_request_error",
        });
        json.WriteString("message", AnswerSource.Clean(refusal.Message));
        json.WriteEndObject();
        json.WriteString("request_id", WireJson.NewId("req_"));
    }

    // google.rpc.Status as JSON ("Errors" of the Google API design guide, AIP-193).
    private static void WriteGoogle(Utf8JsonWriter json, Refusal refusal)
    {
        json.WriteStartObject("error");
        json.WriteNumber("code", refusal.Status);
        json.WriteString("message", AnswerSource.Clean(refusal.Message));
        json.WriteString("status", refusal.Status switch
        {
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            429 => "RESOURCE_EXHAUSTED",
            503 => "UNAVAILABLE",
            >= 500 => "INTERNAL",
            _ => "INVALID_ARGUMENT",
        });
        json.WriteEndObject();
    }
}
