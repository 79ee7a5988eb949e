import { STATUS_CODES } from 'node:http';
import { ACTORS } from './actors.ts';
import type { Row } from './rows.ts';

const HEAD = `# Authorisation

Generated from the rows that \`authorisation-matrix.test.ts\` checks against the server's own list of routes: every route of every door
on the main listener (HTTP, event streams, the live socket) for every kind of caller. A route without a row fails the test.

One task, with its batch and its file, is the subject: it is of \`owner\` (a client) and in a project. The project has an owner, an
editor and a viewer. \`client\` and \`user\` (role member) have nothing to do with it, nor has \`viewer\` (role viewer). \`limited key\` is an
API key of \`owner\` without scopes, \`admin's key\` one with all of them. \`invalid\` stands for bearers that stand for nobody: unknown,
tampered, expired, revoked, of a revoked client, and secrets of another kind (sign-in code, invitation, join token, client secret). A signed link to a file needs no bearer; it is checked by its signature and age.

What is foreign looks unknown: 404, the same as for an id that never existed. The exceptions, with 403, are:

- who sees an object without the right to change it: a project's viewer (\`PROJECT_READ_ONLY\`), and for the project itself every member but
  its owner (\`NOT_PROJECT_OWNER\`);
- who lacks a permission for the route, whatever the id: this is checked before the object is looked for;
- API keys, where a request creates or ends credentials or members: a key would outlive itself.
`;

/** Prints the matrix as a page: one table for each area. */
export function printMatrix(rows: Readonly<Record<string, Row>>): string {
  const areas = new Map<string, [string, Row][]>();
  for (const [route, row] of Object.entries(rows)) {
    const area = readArea(route);
    areas.set(area, [...(areas.get(area) ?? []), [route, row]]);
  }
  const tables = [...areas].map(([area, listed]) => `## ${area}\n\n${printTable(listed)}\n`);
  const seen = new Set(Object.values(rows).flatMap((row) => Object.values(row)));
  const legend = [...seen].sort().map((status) => `${status} ${STATUS_CODES[status]}`);
  return `${HEAD}\nStatuses: ${legend.join(', ')}.\n\n${tables.join('\n')}`;
}

function printTable(rows: readonly [string, Row][]): string {
  const columns = ['invalid', ...ACTORS] as const;
  return [
    `| route | ${columns.join(' | ')} |`,
    `|---|${columns.map(() => '---').join('|')}|`,
    ...rows.map(([route, row]) => `| \`${route}\` | ${columns.map((name) => row[name]).join(' | ')} |`),
  ].join('\n');
}

function readArea(route: string): string {
  const [method = '', path = ''] = route.split(' ');
  if (method === 'WS') return 'Live socket';
  if (/\/(auth|admin)\//.test(path)) return 'People';
  if (path.startsWith('/api/projects')) return 'Projects';
  if (/\/v2\/(jobs|assets)/.test(path)) return 'Comfy API v2';
  if (/\/(tasks|batches|workflows|uploads|assets|config)\b/.test(path))
    return 'Tasks, batches, workflows and files';
  if (path.startsWith('/api/fleet')) return 'Fleet';
  return 'Health, metrics and documents';
}
