import { findNearestWord } from '@comfleet/contract/texts/nearest-word';
import { ExplainedError, UsageError } from '../exit-codes.ts';
import { suggest } from '../parameters/pick-one.ts';

/** Something that people call by its name or its id. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

/** Fewer characters of an id could be meant by chance. */
const SHORTEST_ID = 8;

/** What has a name that is looked for here. */
export type NamedThing =
  | 'batch'
  | 'client'
  | 'invitation'
  | 'join_token'
  | 'key'
  | 'member'
  | 'project'
  | 'session'
  | 'subject'
  | 'worker';

/** There is none of this name; the details name the one that was probably meant, `code` is the server's own. */
export class UnknownNameError extends ExplainedError {
  override readonly name = 'UnknownNameError';
  readonly status = 404;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    what: NamedThing | 'workflow',
    code: string,
    { requested, names }: { requested: string; names: readonly string[] },
  ) {
    super([{ code: 'usage.unknown_name', params: { what, name: requested } }, ...suggest(requested, names)]);
    this.code = code;
    const nearest = findNearestWord(requested, names);
    this.details = { name: requested, ...(nearest === null ? {} : { did_you_mean: nearest }) };
  }
}

/**
 * The one with this id, this name (case matters only where two differ in it), or an id that begins so (8 characters at least). Throws UnknownNameError with the nearest
 * name, and UsageError where several fit. Pure.
 */
export function findNamed<Item>(
  items: readonly Item[],
  requested: string,
  { what, code, read }: { what: NamedThing; code: string; read: (item: Item) => Named },
): Item {
  const choose = (fits: (named: Named) => boolean) => items.filter((item) => fits(read(item)));
  const found = [
    choose(({ id }) => id === requested),
    choose(({ name }) => name === requested),
    choose(({ name }) => name.toLowerCase() === requested.toLowerCase()),
    choose(({ id }) => requested.length >= SHORTEST_ID && id.startsWith(requested)),
  ].find((some) => some.length > 0);
  const [item, ...others] = found ?? [];
  if (item === undefined)
    throw new UnknownNameError(what, code, { requested, names: items.map((one) => read(one).name) });
  if (others.length === 0) return item;
  const ids = [item, ...others].map((one) => read(one).id).join(', ');
  throw new UsageError({ code: `usage.ambiguous_${what}`, params: { name: requested, ids } });
}
