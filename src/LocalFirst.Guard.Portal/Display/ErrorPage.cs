using System.Net;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;

namespace LocalFirst.Guard.Portal.Display;

/// <summary>Pages for what went wrong. Written without Razor, so that they still appear when a page itself fails; they never show an exception.</summary>
internal static class ErrorPage
{
    public static async Task Write(HttpContext context, HttpStatusCode status, string title, string text, (string Field, string Token)? signOut = null)
    {
        context.Response.StatusCode = (int)status;
        context.Response.ContentType = "text/html; charset=utf-8";
        var encoder = HtmlEncoder.Default;
        await context.Response.WriteAsync(
            $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{encoder.Encode(title)} · LocalFirst.Guard</title>
            <link rel="icon" href="/assets/mark.svg">
            <link rel="stylesheet" href="/assets/portal.css">
            </head>
            <body class="centred">
            <main class="card narrow">
            <img src="/assets/mark.svg" alt="" width="40" height="40">
            <p class="eyebrow">{(int)status}</p>
            <h1>{encoder.Encode(title)}</h1>
            <p>{encoder.Encode(text)}</p>
            <p><a href="/">Back to the start</a></p>
            {(signOut is { } form ? $"""<form method="post" action="/account/sign-out"><input type="hidden" name="{encoder.Encode(form.Field)}" value="{encoder.Encode(form.Token)}"><button class="quiet">Sign out</button></form>""" : "")}
            </main>
            </body>
            </html>

            """,
            context.RequestAborted);
    }

    /// <summary>For requests that were not meant for us: no page, no style, nothing to load.</summary>
    public static async Task WritePlain(HttpContext context, HttpStatusCode status, string text)
    {
        context.Response.StatusCode = (int)status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }

    /// <summary>Turns an exception of a page, and an empty answer with an error status, into a page.</summary>
    /// <param name="context">The request.</param>
    /// <param name="next">What makes the page.</param>
    /// <param name="afterFailure">What still holds after an exception, and where to look next.</param>
    public static async Task Guard(HttpContext context, RequestDelegate next, string afterFailure)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await Write(context, (HttpStatusCode)e.StatusCode, "That request makes no sense", "It was refused before anything was done.");
            return;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            context.Response.Headers.Remove("Content-Length");
            await Write(context, HttpStatusCode.InternalServerError, "Something failed here", $"The page could not be made ({e.GetType().Name}). {afterFailure}");
            return;
        }

        if (context.Response.HasStarted || context.Response.ContentLength is > 0 || context.Response.StatusCode < 400)
        {
            return;
        }

        var (title, text) = context.Response.StatusCode switch
        {
            404 => ("Not here", "There is no page at this address."),
            413 => ("That is too long", "The form holds more than is taken. Shorten the text and send it again."),
            405 => ("Not that way", "This address does not take that kind of request."),
            400 => ("That form is too old", "Go back, reload the page and try again."),
            _ => ("That did not work", "Go back and try again."),
        };
        await Write(context, (HttpStatusCode)context.Response.StatusCode, title, text);
    }
}
