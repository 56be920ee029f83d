using LocalFirst.Guard.Portal.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.ApplicationModels;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal;

/// <summary>Which pages belong to which portal: those of the other one have no address at all.</summary>
internal static class PortalPages
{
    /// <summary>Folder of the server's pages; all others are the laptop's.</summary>
    private const string ServerFolder = "/Fleet/";

    public static void KeepOnly(RazorPagesOptions pages, bool isServer) =>
        pages.Conventions.AddFolderRouteModelConvention("/", (PageRouteModel page) =>
        {
            if (page.ViewEnginePath.StartsWith(ServerFolder, StringComparison.Ordinal) != isServer)
            {
                page.Selectors.Clear();
            }
        });

    /// <summary>Whoever forgets to say who may see a page has closed it to all but this role; and a page does nothing that it has no handler for.</summary>
    public static void Close(RazorPagesOptions pages, string role) =>
        pages.Conventions.AddFolderApplicationModelConvention(ServerFolder.TrimEnd('/'), page =>
        {
            page.Filters.Add(new OnlyOwnMethods());
            if (!page.HandlerTypeAttributes.OfType<IAuthorizeData>().Any())
            {
                page.EndpointMetadata.Add(new LetsInAttribute(role));
            }
        });
}
