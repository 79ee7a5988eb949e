import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ledger } from '../ledger.ts';
import { isFaultName } from './fault-names.ts';
import { type FaultScript, type FaultSpec, MOMENTS } from './fault-script.ts';

/** A separate listener for other processes to set faults and read the ledger. */
export interface ControlServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** An invalid fault; the message gives the reason. */
export class BadFault extends Error {}

/** Validates a fault from outside. Throws BadFault. */
export function parseFault(value: unknown): FaultSpec {
  if (typeof value !== 'object' || value === null || !('name' in value))
    throw new BadFault('a fault is an object with a name');
  if (!isFaultName(value.name)) throw new BadFault(`unknown fault ${String(value.name)}`);
  if ('moment' in value && value.moment !== undefined && !MOMENTS.some((moment) => moment === value.moment)) {
    throw new BadFault(`unknown moment ${String(value.moment)}`);
  }
  if (
    'times' in value &&
    value.times !== 'until_cleared' &&
    !(typeof value.times === 'number' && value.times > 0)
  ) {
    throw new BadFault('times is a positive number or "until_cleared"');
  }
  return value as FaultSpec;
}

/**
 * POST /faults sets one (201 `{id}`), GET lists, DELETE (with `?name=` or `?id=`) clears;
 * GET /ledger returns JSON lines, with `?after=n` only those with a higher number.
 */
export async function openControlServer(
  faults: FaultScript,
  ledger: Ledger,
  address: { readonly host: string; readonly port: number },
): Promise<ControlServer> {
  const server = createServer((request, response) => {
    void control(request, faults, ledger).then(({ status, body, type = 'application/json' }) => {
      response.writeHead(status, { 'Content-Type': type });
      response.end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface ControlResponse {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

async function control(
  request: IncomingMessage,
  faults: FaultScript,
  ledger: Ledger,
): Promise<ControlResponse> {
  const url = new URL(request.url ?? '/', 'http://control');
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /faults':
      return { status: 200, body: JSON.stringify(faults.list()) };
    case 'POST /faults':
      return setFault(await readText(request), faults);
    case 'DELETE /faults':
      clearFaults(url.searchParams, faults);
      return { status: 200, body: '{}' };
    case 'GET /ledger': {
      const after = Number(url.searchParams.get('after') ?? 0);
      const lines = ledger.lines().filter((line) => line.n > after);
      return {
        status: 200,
        type: 'application/jsonl',
        body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
      };
    }
    default:
      return { status: 404, body: JSON.stringify({ error: 'GET|POST|DELETE /faults, GET /ledger' }) };
  }
}

function setFault(text: string, faults: FaultScript): ControlResponse {
  try {
    return { status: 201, body: JSON.stringify({ id: faults.set(parseFault(JSON.parse(text))) }) };
  } catch (error) {
    return {
      status: 400,
      body: JSON.stringify({ error: error instanceof Error ? error.message : String(error) }),
    };
  }
}

function clearFaults(query: URLSearchParams, faults: FaultScript): void {
  const id = query.get('id');
  const name = query.get('name');
  if (id !== null) faults.clear(Number(id));
  else if (isFaultName(name)) faults.clear(name);
  else faults.clear();
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
