import type { Messages } from '../catalogue.ts';

/** Lines on the terminal while the server starts. */
export const en = {
  'start.started': 'Comfleet runs at {address}',
  'start.addresses':
    '  create page  {address}/client\n  API pages    {address}/docs\n  health       {address}/api/health',
  'start.plain_http':
    '  other machines {address}/client\n  This is plain HTTP: outside a network that you trust, put a proxy with TLS in front (docs/guides/network.md).',
  'start.port_taken': 'Port {wanted} is in use; using {taken} instead.',
  'start.sign_in': 'Sign in once with this link (10 minutes): {link}',
  'start.sign_in_elsewhere': '  or from another machine: {link}',
  'start.first_admin':
    'Admin user: {name}, password {password}\n  Shown only once; until it is changed, it is also in {file}',
  'start.first_admin_given': 'Admin user: {name}, with the password of COMFLEET_ADMIN_PASSWORD',
  'start.sign_in_later': '  For a fresh link later: npx comfleet sign-in{data}',
  'start.stopping': 'Stopping.',
  'start.storage_full':
    '! The disk of {folder} is full. Nothing that was accepted is lost; new work is refused until there is room, then it resumes automatically.',
  'start.storage_unwritable':
    '! {folder} cannot be written ({reason}). New work is refused until it can, then it resumes automatically.',
  'start.database_damaged':
    '! The database file is damaged: {file}\n  Stop Comfleet, keep a copy of the file, and put the newest backup in its place; docs/guides/troubleshooting.md says how.',
  'start.log_lost': '! The log cannot be written ({reason}); lines are lost, tasks continue.',
  'start.storage_well': 'Storage works again.',
  'start.refused': {
    by: 'count',
    cases: {
      one: '! One thing in the configuration or the workflows is refused:',
      other: '! {count} things in the configuration or the workflows are refused:',
    },
  },
  'start.more_refused': '  … and {count} more',
  'start.correct_files':
    '  Correct the files; they are read again when they are saved. The last valid version stays in force.',
  'start.none_refused': 'Nothing in the configuration or the workflows is refused now.',
  'start.config_refused': '! {file} changed and is not valid; the previous configuration stays in force.',
  'start.config_read': '{file} was read again.',
  'start.config_in_force': '{file} was read again. In force now: {keys}.',
  'start.needs_restart': '! Takes effect after a restart: {keys}.',
  'start.overridden':
    '! The file does not decide what was changed at run time: {keys}. comfleet settings reset KEY returns to the file.',
  'start.said': '{what}',
  'start.warning': '! {path}: {problem}',
  'start.failed': '{code}: {meaning}',
  'start.config_invalid': 'The configuration is not valid:',
  'start.config_correct': 'Correct it and start again. Every key: docs/reference/config.md',
  'start.found_worker': 'Found a ComfyUI at {url}; using it as a worker.',
  'start.added_worker': 'Worker: {url}',
  'start.worker_silent':
    '! {url} does not respond: {answer}. It is checked regularly and used as soon as it responds.',
  'start.last_worker_gone': '! {name} cannot be used now, and no other worker is online. {problem} {step}',
  'start.worker_back': '{name} is online again.',
  'start.already_runs':
    'Comfleet already runs on this data, at {address}. Use that one, or give this one its own folder: --data DIR.',
  'start.already_runs_somewhere':
    'Another Comfleet already runs on this data. Stop it, or give this one its own folder: --data DIR.',
  'start.comfyui_problem': 'ComfyUI cannot be started: {what}: {problem}',
  'start.comfyui_failed': 'ComfyUI did not start: {reason}',
  'start.name_python':
    'Name the Python of this ComfyUI: COMFYUI_PYTHON=/path/to/python, or instances.python in config.yaml.',
  'start.without_gpu':
    'PyTorch finds no GPU here. ComfyUI runs on the processor, slowly, with: --comfyui-arg --cpu',
  'start.starting_comfyui': 'Starting ComfyUI in {folder}; this can take minutes.',
  'start.comfyui_ready': 'ComfyUI {version} is ready at {url}.',
  'start.simulated': `No ComfyUI was found, so {count} SIMULATED workers stand in: their pictures are drawings with the word "simulated" in them.
  For real ones: {command} --worker http://HOST:8188   or   {command} --comfyui /path/to/ComfyUI`,
  'start.example': 'First start: running the example "{name}".',
  'start.progress': '  {percent}%  {node}',
  'start.first_picture': 'first picture after {seconds} s: {path}',
  'start.example_failed': 'The example did not finish: {message}',
  'start.no_example':
    'No shipped workflow fits the models of the workers; open the create page to see what is missing.',
} as const satisfies Messages;
