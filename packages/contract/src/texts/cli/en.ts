import type { Messages } from '../catalogue.ts';

/** The lines of the command. */
export const en = {
  'cli.accepted': 'Task accepted: {task}',
  'cli.submitted': 'Workflow submitted, prompt_id: {prompt}',
  'cli.waiting': 'Waiting for workflow {prompt} to finish...',
  'cli.node': '  → Processing node: {node}',
  'cli.progress': '  → Progress: {percent}% ({value}/{max})',
  'cli.queue': '  → {tasks} tasks left in the queue',
  'cli.done': '✓ Workflow {id} finished ({seconds} s)',
  'cli.failed': '✗ Workflow {id} failed: {message}',
  'cli.canceled': '✗ Workflow {id} was canceled',
  'cli.attempt_ended': '  ⚠ Attempt {number} on {worker} ended: {message}',
  'cli.silent': '⚠ No message for {seconds} s, last node: {node}',
  'cli.no_node': 'none',
  'cli.saved': 'Saved {path}',
  'cli.still_running':
    'The task goes on.\n  see it: comfleet tasks watch {task}\n  end it: comfleet tasks cancel {task}',
  'cli.batch_goes_on': 'The batch goes on without this command: {batch}',
  'cli.batch_go_on':
    '  see it:   comfleet batches watch {batch}{out}\n  pause it: comfleet batches pause {batch}\n  end it:   comfleet batches cancel {batch}',
  'cli.batch_accepted': 'Batch accepted: {batch}',
  'cli.batch_connected': {
    by: 'medium',
    cases: {
      video: 'Connected, starting the batch of videos',
      other: 'Connected, starting the batch of images',
    },
  },
  'cli.batch_item': '[{item}/{total}] description {description}/{descriptions}, {medium} {copy}/{copies}',
  'cli.batch_item_done': '✓ [{item}/{total}] finished ({seconds} s)',
  'cli.batch_item_failed': '✗ [{item}/{total}] failed: {message}',
  'cli.batch_closed': {
    by: 'medium',
    cases: {
      video: 'All videos are done, closing the connection',
      other: 'All images are done, closing the connection',
    },
  },
  'cli.batch_total': {
    by: 'medium',
    cases: {
      video: '✅ Total time for the videos: {seconds} s',
      other: '✅ Total time for the images: {seconds} s',
    },
  },
  'cli.batch_summary': '{succeeded} succeeded, {failed} failed, {canceled} canceled',
  'cli.no_server':
    'No Comfleet answers at {url}. Start one with: comfleet up (in a copy of the repository: npm start)',
  'cli.no_credential':
    'There is no credential in {path}. Start Comfleet here (comfleet up, or npm start), or give --url and --token.',
  'cli.sign_in': 'Sign in once with this link (10 minutes): {link}',
  'cli.sign_in_elsewhere': '  or from another machine: {link}',
  'cli.refused': {
    by: 'count',
    cases: {
      one: '✗ One thing in the configuration or the workflows is refused:',
      other: '✗ {count} things in the configuration or the workflows are refused:',
    },
  },
  'cli.correct_files': '  Correct the files; the server reads them again when they are saved.',
  'cli.unknown_name': {
    by: 'what',
    cases: {
      batch: 'There is no batch "{name}".',
      client: 'There is no client "{name}".',
      worker: 'There is no worker "{name}".',
      other: 'There is no workflow "{name}".',
    },
  },
  'cli.did_you_mean': 'Did you mean "{name}"?',
  'cli.trouble': '{name}, since {since}: {what}',
  'cli.away': '{worker} (away)',
  'cli.nothing': 'Nothing to show.',
  'cli.models_loaded': 'ready',
  'cli.overtaken':
    'Tasks whose models were loaded went before it {times} times (at most {limit}); passed over for {seconds} s.',
  'cli.placed': 'Placed on {worker} ({strategy}): {ground}.',
  'cli.others_out': 'Ruled out: {counts}.',
  'cli.traceback': 'The traceback of the node: comfleet tasks show TASK --traceback',
  'cli.worker_removed': '{name} has left the fleet.',
  'cli.worker_leaving': {
    by: 'tasks',
    cases: {
      one: '{name} accepts no new tasks and leaves when its task is done.',
      other: '{name} accepts no new tasks and leaves when its {tasks} tasks are done.',
    },
  },
  'cli.announced': '{name} is in the fleet ({state}); again within {seconds} s',
  'cli.announce_failed': '⚠ Not registered, trying again: {message}',
  'cli.announcement_sent': 'Announced by UDP to {place}; nothing answers that',
  'cli.verifying': 'Checking {what} ...',
} as const satisfies Messages;
