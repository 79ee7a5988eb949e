import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export const CLIENT = { id: 'comfleet', secret: 'CANARY-client-secret-of-comfleet' } as const;

/** An account of the provider: its claims, and its subject. */
export interface ProviderAccount {
  readonly [claim: string]: unknown;
}

export interface OidcProviderOptions {
  readonly redirectUri: string;
  readonly signedOutUri?: string;
  readonly port?: number;
}

/**
 * A real OpenID provider (npm oidc-provider) on loopback. Whoever signs in by a name gets the claims that `accounts` has for it
 * then. Its clock is the system's.
 */
export async function openOidcProvider(options: OidcProviderOptions) {
  const accounts = new Map<string, ProviderAccount>();
  const server = createServer();
  const issuer = await listen(server, options.port ?? 0);
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [options.redirectUri],
        post_logout_redirect_uris: [options.signedOutUri ?? 'http://localhost/client/'],
      },
    ],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username', 'groups'],
    },
    cookies: { keys: ['a key of the test'] },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: async () => ({ sub, preferred_username: sub, ...accounts.get(sub) }),
    }),
  });
  const handle = provider.callback();
  server.on('request', (request, response) => void handle(request, response));
  return {
    issuer,
    accounts,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
