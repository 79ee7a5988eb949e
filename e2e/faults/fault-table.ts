import { type FaultSpec, MOMENTS, type Moment } from '@comfleet/simulator';

/** What breaks: the worker, or the network between server and worker when a marker frame is sent. */
export type Breakage =
  | { kind: 'worker'; faults: FaultSpec[] }
  | { kind: 'network'; how: 'reset' | 'half_open' };

export interface FaultCase {
  row: string;
  moment: Moment;
  title: string;
  breakage: Breakage;
}

const WHEN: Record<Moment, string> = {
  before_post: 'before the POST',
  between_post_and_start: 'between POST and start',
  during_progress: 'during progress',
  between_last_node_and_null: 'between last node and executing null',
  after_null_before_history: 'after null, before history',
};

/** Refused upgrades, different by moment: 500, 403, or a closed connection. */
const REFUSALS: Record<Moment, Omit<FaultSpec, 'name'>> = {
  before_post: { status: 500 },
  between_post_and_start: { status: 403 },
  during_progress: { kind: 'close' },
  between_last_node_and_null: { status: 500 },
  after_null_before_history: { status: 403 },
};

/** B8 while many frames are still to come. */
function scrambleFrames(moment: Moment): FaultSpec[] {
  return [
    { name: 'ws_foreign_end', moment },
    { name: 'ws_duplicate', moment, frame: 'all', copies: 3, times: 2 },
    { name: 'ws_reorder', moment, frame: 'all', times: 4 },
    { name: 'ws_null_without_id', moment },
  ];
}

/** B8 when few frames are left: each switch gets its own fault. */
const SCRAMBLES: Partial<Record<Moment, FaultSpec[]>> = {
  between_last_node_and_null: [
    { name: 'ws_foreign_end', moment: 'between_last_node_and_null' },
    { name: 'ws_duplicate', moment: 'between_last_node_and_null', frame: 'execution_success', copies: 3 },
    { name: 'ws_reorder', moment: 'between_last_node_and_null', frame: 'status' },
    { name: 'ws_null_without_id', moment: 'between_last_node_and_null' },
  ],
  after_null_before_history: [
    { name: 'ws_foreign_end', moment: 'after_null_before_history' },
    { name: 'ws_duplicate', moment: 'after_null_before_history', frame: 'status', copies: 3 },
  ],
};

const LASTING = { times: 'until_cleared' } as const;

interface Row {
  row: string;
  what: string;
  /** The closest alternative where the row does not apply. */
  nearest?: Partial<Record<Moment, string>>;
  breakage: (moment: Moment) => Breakage;
}

/** Fault rows B1–B9. */
const ROWS: readonly Row[] = [
  {
    row: 'B1',
    what: 'the worker closes its sockets cleanly',
    breakage: (moment) => ({ kind: 'worker', faults: [{ name: 'ws_close', moment }] }),
  },
  {
    row: 'B2',
    what: 'the network resets every connection',
    breakage: () => ({ kind: 'network', how: 'reset' }),
  },
  {
    row: 'B3',
    what: 'the network swallows the socket without a word',
    breakage: () => ({ kind: 'network', how: 'half_open' }),
  },
  {
    row: 'B4',
    what: 'the socket goes deaf and still answers pings',
    breakage: (moment) => ({ kind: 'worker', faults: [{ name: 'ws_deaf', moment }] }),
  },
  {
    row: 'B5',
    what: 'the publisher stalls',
    breakage: (moment) => ({ kind: 'worker', faults: [{ name: 'ws_stall', moment, ...LASTING }] }),
  },
  {
    row: 'B6',
    what: 'the socket closes and upgrades are refused from then on',
    breakage: (moment) => ({
      kind: 'worker',
      faults: [
        { name: 'ws_refuse', ...REFUSALS[moment], ...LASTING },
        { name: 'ws_close', moment },
      ],
    }),
  },
  {
    row: 'B7',
    what: 'completion frames are lost, everything else is delivered',
    nearest: { after_null_before_history: 'the frames after null are lost instead' },
    breakage: (moment) => ({
      kind: 'worker',
      faults: [
        {
          name: 'ws_drop',
          moment,
          frame: moment === 'after_null_before_history' ? 'all' : 'completion',
          ...LASTING,
        },
      ],
    }),
  },
  {
    row: 'B8',
    what: 'frames come doubled, reordered, without id and for a foreign prompt',
    nearest: { after_null_before_history: 'only the last status is left to double' },
    breakage: (moment) => ({ kind: 'worker', faults: SCRAMBLES[moment] ?? scrambleFrames(moment) }),
  },
  {
    row: 'B9',
    what: 'a flood of previews, a huge frame, invalid JSON and an unknown type',
    breakage: (moment) => ({
      kind: 'worker',
      faults: [
        { name: 'ws_invalid_json', moment },
        { name: 'ws_unknown_type', moment },
        { name: 'ws_huge_frame', moment, bytes: 16 * 1024 * 1024 },
        { name: 'ws_flood', moment, mb_per_s: 20, ms: 500 },
      ],
    }),
  },
];

/** 9 rows at 5 moments. */
export const FAULT_CASES: readonly FaultCase[] = ROWS.flatMap(({ row, what, nearest, breakage }) =>
  MOMENTS.map((moment) => {
    const instead = nearest?.[moment];
    return {
      row,
      moment,
      title: `${row} ${WHEN[moment]}: ${what}${instead ? ` (nearest: ${instead})` : ''}`,
      breakage: breakage(moment),
    };
  }),
);
