using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Http;

namespace LocalFirst.Guard.Interception;

/// <summary>The header fields of a request as the rest of the product sees them: one entry a field line, HTTP/2's pseudo-headers left out.</summary>
internal static class RequestFields
{
    public static List<HeaderField> Of(HttpContext context)
    {
        var fields = new List<HeaderField>(context.Request.Headers.Count);
        foreach (var (name, values) in context.Request.Headers)
        {
            if (name.StartsWith(':'))
            {
                continue;
            }

            foreach (var value in values)
            {
                fields.Add(new HeaderField(name, value ?? ""));
            }
        }

        return fields;
    }
}
