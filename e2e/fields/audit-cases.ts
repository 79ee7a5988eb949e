import type { Json } from '@comfleet/test-kit/server';
import { expect } from 'vitest';
import { type Filter, filters, pages, refuses } from './list-proofs.ts';
import { createProject } from './project-cases.ts';
import type { Cases, Proof, Stage } from './stage.ts';

const AUDIT = '/api/v2/admin/audit';
const EXPORT = `${AUDIT}/export`;

/** Leaves an entry, and returns it. */
async function act(stage: Stage): Promise<Json> {
  const id = await createProject(stage);
  const { entries } = await stage.get(`GET ${AUDIT}?object=${id}`);
  return entries[0];
}

const later = (at: string) => new Date(Date.parse(at) + 1).toISOString();

const VALUES: Readonly<Record<string, (stage: Stage) => Promise<Filter>>> = {
  actor: async (stage) => {
    const { actor } = await act(stage);
    return { wanted: actor.name, other: 'none', fits: (entry) => entry.actor?.id === actor.id };
  },
  action: async (stage) => {
    const { action } = await act(stage);
    return { wanted: action, other: 'user.changed', fits: (entry) => entry.action === action };
  },
  outcome: async (stage) => {
    await act(stage);
    return { wanted: 'done', other: 'failed', fits: (entry) => entry.outcome === 'done' };
  },
  object: async (stage) => {
    const { object } = await act(stage);
    return { wanted: object.id, other: 'none', fits: (entry) => entry.object?.id === object.id };
  },
  since: async (stage) => {
    const { at, entry_id: id } = await act(stage);
    return { wanted: at, other: later(at), fits: (entry) => entry.at >= at && entry.entry_id >= id };
  },
};

const UNTIL: Proof = async (stage) => {
  const { at, entry_id: id } = await act(stage);
  const list = async (until: string) =>
    (await stage.get(`GET ${AUDIT}?until=${until}`)).entries.some((entry: Json) => entry.entry_id === id);
  expect([await list(at), await list(later(at))]).toEqual([false, true]);
};

async function exportEntries(stage: Stage, query: string): Promise<Json[]> {
  const { text } = await stage.ask(`GET ${EXPORT}?format=jsonl&${query}`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** The file has what the list of the same filter has. */
const exportsAsListed =
  (name: string): Proof =>
  async (stage) => {
    const { wanted } = (await VALUES[name]?.(stage)) ?? { wanted: later((await act(stage)).at) };
    const query = `${name}=${encodeURIComponent(wanted)}`;
    const { entries } = await stage.get(`GET ${AUDIT}?${query}&limit=200`);
    expect(entries.length).toBeGreaterThan(0);
    expect((await exportEntries(stage, query)).slice(0, 200)).toEqual(entries);
  };

const FORMAT: Proof = async (stage) => {
  const { object } = await act(stage);
  const { text, headers } = await stage.ask(`GET ${EXPORT}?format=csv&object=${object.id}`);
  expect([headers.get('content-type'), text.includes(object.id)]).toEqual(['text/csv; charset=utf-8', true]);
  expect(await exportEntries(stage, `object=${object.id}`)).toHaveLength(1);
  await refuses(`${EXPORT}?format=xlsx`, 'format')(stage);
};

/** The audit log. */
export const auditCases: Cases = {
  [`GET ${AUDIT}`]: {
    ...pages(AUDIT, 'entries', 'entry_id'),
    ...Object.fromEntries(
      Object.entries(VALUES).map(([name, values]) => [
        `query.${name}`,
        filters(AUDIT, 'entries', name, values),
      ]),
    ),
    'query.until': UNTIL,
  },
  [`GET ${EXPORT}`]: {
    ...Object.fromEntries(
      [...Object.keys(VALUES), 'until'].map((name) => [`query.${name}`, exportsAsListed(name)]),
    ),
    'query.format': FORMAT,
  },
};
