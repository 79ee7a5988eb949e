import { type Client, GRANTS, type Grant } from '@comfleet/contract';
import type { CommandContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';

const HEADS = ['CLIENT', 'NAME', 'GRANTS', 'CREATED', 'REVOKED'];

function toRow(client: Client): string[] {
  return [
    client.client_id,
    toPlainText(client.client_name),
    client.grants.join(',') || '-',
    client.created_at,
    client.revoked_at ?? '-',
  ];
}

/** `comfleet clients register`: the secret is shown this once. */
export async function registerClient(
  context: CommandContext,
  name: string,
  flags: { readonly description?: string },
): Promise<number> {
  const comfleet = await context.connect();
  const client = await comfleet.clients.register(name, flags.description, {
    signal: context.terminal.signal,
  });
  context.show(client, () => [`client_id ${client.client_id}`, `client_secret ${client.client_secret}`]);
  return EXIT.ok;
}

/** `comfleet clients list`. */
export async function listClients(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const clients = await comfleet.clients.list({ signal: context.terminal.signal });
  context.show({ clients }, () => formatTable(HEADS, clients.map(toRow)));
  return EXIT.ok;
}

/** `comfleet clients revoke`. */
export async function revokeClient(context: CommandContext, clientId: string): Promise<number> {
  const comfleet = await context.connect();
  const client = await comfleet.clients.revoke(clientId, { signal: context.terminal.signal });
  context.show(client, () => formatTable(HEADS, [toRow(client)]));
  return EXIT.ok;
}

/** `comfleet clients grant`: the grants named replace those before; none takes all away. */
export async function grantClient(
  context: CommandContext,
  clientId: string,
  names: readonly string[],
): Promise<number> {
  const grants = names.map(toGrant);
  const comfleet = await context.connect();
  const client = await comfleet.clients.grant(clientId, grants, { signal: context.terminal.signal });
  context.show(client, () => formatTable(HEADS, [toRow(client)]));
  return EXIT.ok;
}

function toGrant(name: string): Grant {
  const grant = GRANTS.find((candidate) => candidate === name);
  if (grant === undefined) throw new UsageError(`A grant is one of ${GRANTS.join(', ')}, not "${name}".`);
  return grant;
}
