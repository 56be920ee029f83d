// A real OpenID Connect provider with the paths and claims of Entra ID, over HTTPS on loopback. Prints one line: ready <port>.
// Environment: OIDC_CERTIFICATE and OIDC_KEY (PEM files), OIDC_TENANT, OIDC_CLIENT, OIDC_DEVICE_CLIENT, OIDC_REDIRECT.
// POST /mint with a JSON object of claims answers an access token with exactly these claims, signed with the provider's key.
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';

const { OIDC_CERTIFICATE, OIDC_KEY, OIDC_TENANT: tenant, OIDC_CLIENT: client, OIDC_DEVICE_CLIENT: device, OIDC_REDIRECT: redirect } = process.env;

const people = {
  admin: { roles: ['Audit.Read', 'Policy.Write', 'Report.Export', 'Agent.Upload'], groups: ['group-security'] },
  auditor: { roles: ['Audit.Read'], groups: ['group-audit'] },
  writer: { roles: ['Policy.Write'], groups: [] },
  nobody: { roles: [], groups: [] },
  member: { roles: ['Agent.Upload'], groups: ['group-finance'] },
  stranger: { roles: ['Audit.Read'], groups: [], tid: '99999999-0000-4000-8000-000000000009' },
};

const { privateKey } = await generateKeyPair('RS256', { extractable: true });
const kid = 'test-key';
const jwk = { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' };

const server = createServer({ cert: readFileSync(OIDC_CERTIFICATE), key: readFileSync(OIDC_KEY) });
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();
const prefix = `/${tenant}/v2.0`;
const issuer = `https://localhost:${port}${prefix}`;

const claimsOf = (id) => ({
  sub: id,
  oid: `oid-${id}`,
  tid: people[id]?.tid ?? tenant,
  preferred_username: `${id}@example.test`,
  name: id,
  roles: people[id]?.roles ?? [],
  groups: people[id]?.groups ?? [],
});

const provider = new Provider(issuer, {
  jwks: { keys: [jwk] },
  clients: [
    {
      client_id: client,
      client_secret: process.env.OIDC_SECRET,
      redirect_uris: [redirect],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_post',
    },
    {
      client_id: device,
      application_type: 'native',
      redirect_uris: ['http://localhost'],
      grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
  ],
  cookies: { keys: ['of one test run'] },
  claims: { openid: ['sub', 'oid', 'tid', 'preferred_username', 'name', 'roles', 'groups'], profile: [], offline_access: [] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: true },
    deviceFlow: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => `api://${client}`,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: 'openid', audience: client, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
    },
  },
  extraTokenClaims: (_, token) => ({ ver: '2.0', ...claimsOf(token.accountId) }),
  findAccount: (_, id) => (people[id] ? { accountId: id, claims: () => claimsOf(id) } : undefined),
});

const entra = {
  [`/${tenant}/oauth2/v2.0/authorize`]: '/auth',
  [`/${tenant}/oauth2/v2.0/token`]: '/token',
  [`/${tenant}/oauth2/v2.0/devicecode`]: '/device/auth',
};

// What Entra calls by another name.
const entraForm = async (request) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const form = Object.fromEntries(new URLSearchParams(body));
  if (form.grant_type === 'device_code') form.grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
  return form;
};

// Entra says beside the tokens whose they are.
provider.use(async (context, next) => {
  await next();
  if (context.body?.id_token) {
    const { oid, tid } = decodeJwt(context.body.id_token);
    context.body.client_info = Buffer.from(JSON.stringify({ uid: oid, utid: tid })).toString('base64url');
  }
});

const callback = provider.callback();
server.on('request', async (request, response) => {
  if (request.method === 'POST' && request.url === '/mint') {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { expires = 600, ...claims } = JSON.parse(body);
    const now = Math.floor(Date.now() / 1000);
    const token = await new SignJWT({ ver: '2.0', iss: issuer, aud: client, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid })
      .setIssuedAt(now - 7200)
      .setNotBefore(now - 7200)
      .setExpirationTime(now + expires)
      .sign(privateKey);
    response.end(token);
    return;
  }

  // Entra's endpoints are beside its issuer, under names of their own; MSAL knows them by heart.
  const { pathname, search } = new URL(request.url, issuer);
  if (entra[pathname]) {
    request.url = prefix + entra[pathname] + search.replace('prompt=select_account', 'prompt=login');
    if (request.method === 'POST') request.body = await entraForm(request);
  }

  // Mounted below the tenant, as Entra is.
  if (request.url.startsWith(prefix)) {
    request.originalUrl = request.url;
    request.url = request.url.slice(prefix.length) || '/';
    callback(request, response);
    return;
  }

  response.writeHead(404).end();
});

console.log(`ready ${port}`);
