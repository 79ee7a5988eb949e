import { type Client, GRANTS } from '@comfleet/contract';
import type { Comfleet, RegisteredClient } from '@comfleet/sdk';
import { findNamed } from '../connection/find-named.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import { pickOne } from '../parameters/pick-one.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

function formatClients(clients: readonly Client[], texts: CliTexts): string[] {
  return formatTable(
    texts.heads('client', 'name', 'grants', 'created', 'revoked'),
    clients.map((client) => [
      client.client_id,
      toPlainText(client.client_name),
      client.grants.join(',') || '-',
      client.created_at,
      client.revoked_at ?? '-',
    ]),
  );
}

/** `comfleet clients register`: the secret is shown this once. */
export async function registerClient(
  context: CommandContext,
  name: string,
  flags: { readonly description?: string; readonly invitation?: string },
): Promise<number> {
  const comfleet = await context.connect();
  const client = await comfleet.clients.register(name, flags.description, {
    ...(flags.invitation !== undefined && { invitation: flags.invitation }),
    signal: context.terminal.signal,
  });
  context.show(client, () => formatCredentials(client));
  return EXIT.ok;
}

/** `comfleet clients rotate`: the new secret is shown this once. */
export async function rotateClient(context: CommandContext, idOrName: string): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const client = await comfleet.clients.rotate(await findClientId(comfleet, idOrName, signal), { signal });
  context.show(client, () => formatCredentials(client));
  return EXIT.ok;
}

function formatCredentials(client: RegisteredClient): string[] {
  return [`client_id ${client.client_id}`, `client_secret ${client.client_secret}`];
}

/** `comfleet clients list`. */
export async function listClients(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const clients = await comfleet.clients.list({ signal: context.terminal.signal });
  context.show({ clients }, () => formatClients(clients, context.texts));
  return EXIT.ok;
}

/** `comfleet clients revoke`. */
export async function revokeClient(context: CommandContext, idOrName: string): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const client = await comfleet.clients.revoke(await findClientId(comfleet, idOrName, signal), { signal });
  context.show(client, () => formatClients([client], context.texts));
  return EXIT.ok;
}

/** `comfleet clients grant`: the grants named replace those before; none takes all away. */
export async function grantClient(
  context: CommandContext,
  idOrName: string,
  names: readonly string[],
): Promise<number> {
  const grants = names.map((name) => pickOne('<grants>', name, GRANTS));
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const id = await findClientId(comfleet, idOrName, signal);
  const client = await comfleet.clients.grant(id, grants, { signal });
  context.show(client, () => formatClients([client], context.texts));
  return EXIT.ok;
}

/** The id of a client by its id or name. Throws CLIENT_NOT_FOUND with the nearest name. */
async function findClientId(comfleet: Comfleet, idOrName: string, signal: AbortSignal): Promise<string> {
  const client = findNamed(await comfleet.clients.list({ signal }), idOrName, {
    what: 'client',
    code: 'CLIENT_NOT_FOUND',
    read: ({ client_id: id, client_name: name }) => ({ id, name }),
  });
  return client.client_id;
}
