using LocalFirst.Guard.Audit.Keys;

namespace LocalFirst.Guard.Fleet.Requests;

/// <summary>Signs every request with the device's key.</summary>
/// <param name="identity">The device; disposed by the caller.</param>
/// <param name="time">The clock.</param>
/// <param name="inner">Sends.</param>
public sealed class DeviceSignatureHandler(DeviceIdentity identity, TimeProvider time, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var digest = DeviceSignature.DigestOf(body);
        var signature = DeviceSignature.Create(
            identity.DeviceId, message => identity.Sign(message), SignedRequest.Of(request.Method.Method, request.RequestUri!, digest), time.GetUtcNow());
        request.Headers.TryAddWithoutValidation(DeviceSignature.DigestHeader, digest);
        request.Headers.TryAddWithoutValidation(DeviceSignature.InputHeader, signature.InputValue);
        request.Headers.TryAddWithoutValidation(DeviceSignature.SignatureHeader, signature.SignatureValue);
        return await base.SendAsync(request, cancellationToken);
    }
}
