import {
  type Client,
  clientListSchema,
  clientSchema,
  type Grant,
  registeredClientSchema,
} from '@comfleet/contract';
import { writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';

/** A new client's credentials; the secret is shown this once. */
export interface RegisteredClient {
  client_id: string;
  client_secret: string;
  client_name: string;
}

/** Everything about the programs that may use the server. Needs the admin grant. */
export class ClientCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  /** With an invitation no admin is needed, where the server takes invitations. */
  async register(
    name: string,
    description?: string,
    { invitation, ...options }: CallOptions & { readonly invitation?: string } = {},
  ): Promise<RegisteredClient> {
    const body = writeJson({ client_name: name, description, invitation });
    const request = { ...options, method: 'POST', path: '/api/v2/auth/register', body } as const;
    return await this.#transport.json(request, registeredClientSchema);
  }

  async list(options: CallOptions = {}): Promise<Client[]> {
    const request = { ...options, method: 'GET', path: '/api/v2/admin/clients' } as const;
    return (await this.#transport.json(request, clientListSchema)).clients;
  }

  /** From now on its secret and tokens are refused. */
  async revoke(clientId: string, options: CallOptions = {}): Promise<Client> {
    const request = {
      ...options,
      method: 'POST',
      path: `${pathOf(clientId)}/revoke`,
      repeatable: true,
    } as const;
    return await this.#transport.json(request, clientSchema);
  }

  /** Gives it a new secret, shown this once; the old one, its tokens and its keys end at once. */
  async rotate(clientId: string, options: CallOptions = {}): Promise<RegisteredClient> {
    const request = { ...options, method: 'POST', path: `${pathOf(clientId)}/rotate` } as const;
    return await this.#transport.json(request, registeredClientSchema);
  }

  /** Sets what the client may do beside its own tasks; the list replaces the one before. */
  async grant(clientId: string, grants: readonly Grant[], options: CallOptions = {}): Promise<Client> {
    const body = writeJson({ grants });
    const path = `${pathOf(clientId)}/grants`;
    return await this.#transport.json(
      { ...options, method: 'POST', path, body, repeatable: true },
      clientSchema,
    );
  }
}

function pathOf(clientId: string): string {
  return `/api/v2/admin/clients/${encodeURIComponent(clientId)}`;
}
