import type { RefusalReason } from '@comfleet/contract';
import type { CliTexts } from './cli-texts.ts';

const REFUSALS: Record<RefusalReason, string> = {
  offline: 'does not answer',
  error: 'something else answers, or it is stuck',
  maintenance: 'in maintenance',
  draining: 'drained: takes nothing new',
  disabled: 'switched off',
  adopting: 'prompts of an earlier process are looked for',
  full: 'full',
  suspect: 'did not answer just now: nothing is sent until it does',
  cold: 'has other models loaded, which others wait for, or is busy',
  failed_here: 'this task failed there',
  backup: 'a backup: primary workers are online',
  simulated_beside_real: 'simulated, and there are real workers',
  no_inventory: 'was not asked yet what it has',
  not_pinned: 'not among the workers the task names',
  task_type: 'does not take this task type',
  label: 'lacks the label',
  class_type: 'lacks the node class',
  model: 'lacks the model',
  vram: 'has too little memory',
  upload_limit: 'takes no file of this size',
};

const GROUNDS: Record<string, string> = {
  hot: 'its models were loaded there, or it needs none',
  switch: 'loads its models',
  overdue: 'loads its models, as others had gone before it often enough',
};

export const EN: CliTexts = {
  accepted: (taskId) => `Task accepted: ${taskId}`,
  submitted: (promptId) => `Workflow submitted, prompt_id: ${promptId}`,
  waiting: (promptId) => `Waiting for workflow ${promptId} to finish...`,
  node: (node) => `  → Processing node: ${node}`,
  progress: (percent, value, max) => `  → Progress: ${percent}% (${value}/${max})`,
  queue: (tasks) => `  → ${tasks} tasks left in the queue`,
  done: (id, seconds) => `✓ Workflow ${id} finished (${seconds} s)`,
  failed: (id, message) => `✗ Workflow ${id} failed: ${message}`,
  canceled: (id) => `✗ Workflow ${id} was canceled`,
  attemptEnded: (number, worker, message) => `  ⚠ Attempt ${number} on ${worker} ended: ${message}`,
  silent: (seconds, node) => `⚠ No message for ${seconds} s, last node: ${node ?? 'none'}`,
  saved: (path) => `Saved ${path}`,
  stillRunning: (taskId) =>
    `The task goes on. See it: comfleet tasks watch ${taskId} · end it: comfleet tasks cancel ${taskId}`,
  batchAccepted: (batchId) => `Batch accepted: ${batchId}`,
  batchConnected: (medium) => `Connected, starting the batch of ${medium}s`,
  batchItem: (p, medium) =>
    `[${p.item}/${p.total}] description ${p.description}/${p.descriptions}, ${medium} ${p.copy}/${p.copies}`,
  batchItemDone: (item, total, seconds) => `✓ [${item}/${total}] finished (${seconds} s)`,
  batchItemFailed: (item, total, message) => `✗ [${item}/${total}] failed: ${message}`,
  batchClosed: (medium) => `All ${medium}s are done, closing the connection`,
  batchTotal: (medium, seconds) => `✅ Total time for the ${medium}s: ${seconds} s`,
  batchSummary: (c) => `${c.succeeded} succeeded, ${c.failed} failed, ${c.canceled} canceled`,
  noServer: (url) => `No Comfleet answers at ${url}. Start one with: comfleet up`,
  noCredential: (path) =>
    `There is no credential in ${path}. Start Comfleet here (comfleet up), or give --url and --token.`,
  advice: (advice) => advice.en,
  nothing: () => 'Nothing to show.',
  refusal: (reason, missing) => `${REFUSALS[reason]}${missing === '' ? '' : `: ${missing}`}`,
  couldTake: () => 'could take it: waits for its turn',
  modelsLoaded: () => 'loaded',
  overtaken: (times, limit, seconds) =>
    `Tasks whose models were loaded went before it ${times} times (at most ${limit}); passed over for ${seconds} s.`,
  placed: (worker, strategy, ground) => `Placed on ${worker} (${strategy}): ${GROUNDS[ground] ?? ground}.`,
  othersOut: (counts) => `Not in question: ${counts}.`,
  workerRemoved: (name) => `${name} has left the fleet.`,
  workerLeaving: (name, tasks) => `${name} takes nothing new and leaves when its ${tasks} tasks are done.`,
  announced: (name, state, seconds) => `${name} is in the fleet (${state}); again within ${seconds} s`,
  announceFailed: (message) => `⚠ Not registered, trying again: ${message}`,
  announcementSent: (place) => `Announced by UDP to ${place}; nothing answers that`,
  verifying: (what) => `Checking ${what} ...`,
};
