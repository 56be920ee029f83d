using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;

namespace LocalFirst.Guard.Portal.Editing;

/// <summary>
/// Refuses longer forms with 413. The framework's own attribute lets the check of the form's token run into the limit, which then says that the token is
/// missing.
/// </summary>
/// <param name="bytes">Most bytes of the body.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class LongestFormAttribute(long bytes) : Attribute, IAuthorizationFilter, IOrderedFilter
{
    public long Bytes => bytes;

    // Before the check of the form's token (1000), which reads the form.
    public int Order => 900;

    public void OnAuthorization(AuthorizationFilterContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.HttpContext.Request.ContentLength > bytes)
        {
            context.Result = new StatusCodeResult((int)HttpStatusCode.RequestEntityTooLarge);
        }
        else if (context.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = bytes;
        }
    }
}
