import { type Again, CAUSES, type Cause, type Fault, NOTHING_RAN } from './causes.ts';

const INTRODUCTION = `# Outcomes

<!-- Generated from packages/server/src/flow/execution/causes.ts; a test compares. -->

A prompt is sent again only where that can change its end. One table says so per cause, and one function
(\`decideNextStep\` in \`flow/execution/ending.ts\`) reads it; nothing else decides. *times*: how often a task goes on after
this cause, the next time is its end; – is as often as it has attempts. Over all rows stand a cancel, the task's attempts,
two workers that died under it, the waits between tries and the retry budget of the fleet.

A task with **paid nodes** (\`api_node\` in object_info, among the nodes that feed an output) is not sent again by itself
where *paid* says *asks*: it is held as \`needs_decision\` until a user answers \`run_again\` or \`give_up\`
(\`comfyui.paid_reruns: allow\` treats it as any other). Where it says *as any*, it is certain that nothing of it
ran; one of which a worker accepted a part has begun to run, and asks.

| cause | error | whose fault | again | times | paid | meaning |
|---|---|---|---|---|---|---|
`;

const FAULTS: Readonly<Record<Fault, string>> = {
  request: 'the request',
  worker: 'the worker',
  person: 'a user',
  comfleet: 'Comfleet',
};

const PLACES: Readonly<Record<Again, string>> = {
  never: 'never',
  here: 'on any worker',
  elsewhere: 'on another worker, where there is one',
  only_elsewhere: 'only on a worker that has not refused it',
  unsent: 'waits as before',
};

const CONCLUSION = `
## Certain outcomes

- **Success is \`execution_success\`, with or without outputs.** A saver behind a blocked branch, or one that reports nothing
  (SaveLoRA, SaveImageDataSetToFolder, SaveTrainingDataset), ends as a success without results; the task says so in its
  warnings. No list of classes decides it.
- **A damaged history is recognised by what was received.** When a frame \`executed\` announced outputs, or the entry's \`meta\` names
  nodes with outputs, and the history has no outputs at all, it is not whole: it is asked again, and after 20 s the cause is
  history_damaged. Without either sign an empty history is taken at its word. An entry without an end message, or without
  \`outputs\`, is never a success.
- **A file that the worker never serves** (400, 403, a name with \`..\`, a 404 whose node ran in this prompt) is left out. A 404
  whose node was cached is output_gone: the file of an earlier run is gone.
- **Good files are delivered.** Files that cannot be had are named in the task's warnings. Only when no file is left does the
  task fail, once, with the first file and its answer in its error.
- **So are they beside a file that another run may bring** (download_broken, output_gone, a worker that went away before all were
  fetched): the prompt is sent again as the table says, and where it is not, be it the last attempt or a task with paid nodes that
  would be asked about, the task succeeds with what it has and warns of the rest.
- **A limit of ours is certain too.** A file above \`limits.result_bytes\`, beyond \`limits.result_files\`, or that does not fit into
  what \`limits.task_result_bytes\` leaves, is left out like one that is never served; smaller ones after it still count.
  So is a history that is beyond 64 MiB, 500,000 values or 1000 of them inside of each other: another worker would tell the same.
- **An empty text is a result** (also \`.srt\`, \`.vtt\`, \`.json\`, \`.csv\` and files of no known kind); an empty or unreadable
  picture, an empty video, sound or 3D file is not. The same seed gives the same bytes, so it is not run again.
- **Ends may come late.** ComfyUI 0.33 sends its last frames, and answers HTTP, up to 1.2 s late. No timer reads that as a fault.
`;

/** docs/reference/outcomes.md, from the table. */
export function renderCausesReference(): string {
  const rows = Object.entries(CAUSES).map(([name, cause]) => toRow(name, cause));
  return `${INTRODUCTION}${rows.join('\n')}\n${CONCLUSION}`;
}

function describePaid(name: string, again: Again): string {
  if (again === 'never') return '–';
  return NOTHING_RAN.has(name) ? 'as any' : 'asks';
}

function toRow(name: string, { code, fault, again, times, meaning }: Cause): string {
  const cells = [
    name,
    `\`${code}\``,
    FAULTS[fault],
    PLACES[again],
    times ?? '–',
    describePaid(name, again),
    meaning,
  ];
  return `| ${cells.join(' | ')} |`;
}
