import { listWorkers, readPriority } from './compile-config.ts';
import type { ConfigWarning } from './config.ts';
import type { ConfigProblem } from './config-problem.ts';
import type { RawConfig } from './config-schema.ts';
import { isLoopbackHost, isSampleSecret, isWeakSecret } from './sample-secret.ts';

/** What the schema cannot say: rules over several keys. Problems refuse the file; warnings are only said. */
export interface Judgement {
  problems: Omit<ConfigProblem, 'line'>[];
  warnings: ConfigWarning[];
}

/** Judges a validated file. Pure. */
export function judgeConfig(raw: RawConfig): Judgement {
  const judgement: Judgement = { problems: [], warnings: [] };
  judgeSecrets(raw, judgement);
  judgeJoinToken(raw, judgement);
  judgeExposure(raw, judgement);
  judgeWorkers(raw, judgement);
  judgePriorities(raw, judgement);
  judgeDiscovery(raw, judgement);
  judgeInstances(raw, judgement);
  judgeHealth(raw, judgement);
  judgeTaskTypes(raw, judgement);
  if (raw.redis) {
    judgement.warnings.push({
      path: 'redis',
      message: 'the queue on Redis is not built yet; the embedded queue runs and redis is not used',
    });
  }
  return judgement;
}

function judgeSecrets(raw: RawConfig, { problems, warnings }: Judgement): void {
  const isOpen = !isLoopbackHost(raw.server.host);
  const secret = raw.auth.secret_key;
  if (secret !== undefined && isWeakSecret(secret)) {
    const what = isSampleSecret(secret) ? 'this is a published sample' : 'shorter than 32 characters';
    if (isOpen) {
      const advice =
        'remove the key, and a random one is made and kept, or write 32 random characters or more';
      problems.push({ path: 'auth.secret_key', message: `${what}; ${advice}` });
    } else {
      const advice = 'a random one is used instead, as only this machine can reach the server';
      warnings.push({ path: 'auth.secret_key', message: `${what}; ${advice}` });
    }
  }
  const password = raw.database?.password;
  if (password !== undefined && isSampleSecret(password)) {
    const message = 'this is a sample or a well-known password; give the database user a random one';
    (isOpen ? problems : warnings).push({ path: 'database.password', message });
  }
}

function judgeExposure(raw: RawConfig, { problems, warnings }: Judgement): void {
  if (isLoopbackHost(raw.server.host)) return;
  if (!raw.auth.enable_client_auth) {
    problems.push({
      path: 'auth.enable_client_auth',
      message: 'authentication must be on when the server listens beyond this machine',
    });
  }
  if (raw.auth.open_registration) {
    warnings.push({
      path: 'auth.open_registration',
      message: 'everybody who reaches the server can register a client',
    });
  }
}

function judgeWorkers(raw: RawConfig, { problems, warnings }: Judgement): void {
  const names = new Map<string, number>();
  const urls = new Map<string, string>();
  for (const worker of listWorkers(raw)) {
    names.set(worker.name, (names.get(worker.name) ?? 0) + 1);
    const other = urls.get(worker.url);
    if (other !== undefined) {
      warnings.push({
        path: 'nodes',
        message: `${other} and ${worker.name} are the same ComfyUI, ${worker.url}`,
      });
    }
    urls.set(worker.url, worker.name);
  }
  (raw.nodes.discovery_mode === 'dynamic' ? [] : raw.nodes.static_nodes).forEach((node, index) => {
    if ((names.get(node.node_id) ?? 0) > 1) {
      const path = `nodes.static_nodes[${index}].node_id`;
      problems.push({ path, message: `"${node.node_id}" is used twice; names of workers are unique` });
    }
  });
  raw.workers.forEach((worker, index) => {
    const name = worker.name ?? new URL(worker.url).host;
    if ((names.get(name) ?? 0) > 1) {
      problems.push({
        path: `workers[${index}].name`,
        message: `"${name}" is used twice; names of workers are unique`,
      });
    }
  });
}

function judgePriorities(raw: RawConfig, { problems }: Judgement): void {
  const blocks = {
    workers: raw.workers,
    'nodes.static_nodes': raw.nodes.static_nodes,
    'nodes.dns': raw.nodes.dns,
  };
  for (const [block, entries] of Object.entries(blocks)) {
    entries.forEach(({ priority, metadata }, index) => {
      if (priority !== undefined || metadata['priority'] === undefined || readPriority(metadata) !== null)
        return;
      const message = 'expected a whole number from 1 to 10; the worker with 10 is taken first';
      problems.push({ path: `${block}[${index}].metadata.priority`, message });
    });
  }
}

function judgeDiscovery(raw: RawConfig, { problems, warnings }: Judgement): void {
  const { discovery_mode: mode, join_token: token, udp_port: udpPort, dns, static_nodes: nodes } = raw.nodes;
  const hasToken = token !== undefined && !isWeakSecret(token);
  if (udpPort !== undefined && (mode === 'static' || !hasToken)) {
    const message = 'needs discovery_mode dynamic or hybrid, and a join_token of 32 characters or more';
    problems.push({ path: 'nodes.udp_port', message });
  }
  if (mode === 'static') {
    if (dns.length > 0) {
      const message = 'is for discovery_mode dynamic or hybrid; with static workers come from static_nodes';
      problems.push({ path: 'nodes.dns', message });
    }
    if (token !== undefined) {
      const message = 'has no effect with discovery_mode static; choose dynamic or hybrid';
      warnings.push({ path: 'nodes.join_token', message });
    }
    return;
  }
  if (mode === 'dynamic' && nodes.length > 0) {
    const message = 'is not used with discovery_mode dynamic; choose hybrid to have both';
    warnings.push({ path: 'nodes.static_nodes', message });
  }
  if (!hasToken && dns.length === 0) {
    const message = `${mode} without join_token and dns: no worker can join by itself`;
    warnings.push({ path: 'nodes.discovery_mode', message });
  }
}

function judgeJoinToken(raw: RawConfig, { problems, warnings }: Judgement): void {
  const token = raw.nodes.join_token;
  if (token === undefined || !isWeakSecret(token)) return;
  const what = isSampleSecret(token)
    ? 'this is a sample or a well-known secret'
    : 'shorter than 32 characters';
  if (isLoopbackHost(raw.server.host)) {
    const message = `${what}; registration stays closed until it is 32 random characters or more`;
    warnings.push({ path: 'nodes.join_token', message });
  } else {
    problems.push({ path: 'nodes.join_token', message: `${what}; write 32 random characters or more` });
  }
}

function judgeInstances(raw: RawConfig, { problems }: Judgement): void {
  const [first = 0, last = 0] = raw.instances.port_range.split('-').map(Number);
  if (first < 1 || last > 65_535 || first > last) {
    problems.push({ path: 'instances.port_range', message: 'expected two ports, the smaller first' });
  }
  if (!isLoopbackHost(raw.instances.listen)) {
    problems.push({
      path: 'instances.listen',
      message: 'a started ComfyUI has no login and listens on loopback only; use 127.0.0.1',
    });
  }
}

function judgeHealth(raw: RawConfig, { warnings }: Judgement): void {
  const { interval, timeout, heartbeat_timeout: limit } = raw.nodes.health_check;
  if (interval !== undefined && timeout !== undefined && timeout >= interval) {
    warnings.push({
      path: 'nodes.health_check.timeout',
      message: 'not shorter than interval: checks would follow each other without a pause',
    });
  }
  if (limit !== undefined && limit < (interval ?? 5)) {
    warnings.push({
      path: 'nodes.health_check.heartbeat_timeout',
      message: 'shorter than interval: one missed check makes a worker offline',
    });
  }
}

function judgeTaskTypes(raw: RawConfig, { problems }: Judgement): void {
  const owners = new Map<string, string>();
  for (const [type, definition] of Object.entries(raw.task_types)) {
    const chosen = definition.default_workflow;
    if (chosen !== undefined && !Object.hasOwn(definition.workflows, chosen)) {
      const path = `task_types.${type}.default_workflow`;
      problems.push({ path, message: `there is no workflow "${chosen}" in this task type` });
    }
    for (const name of Object.keys(definition.workflows)) {
      const other = owners.get(name);
      if (other !== undefined) {
        const path = `task_types.${type}.workflows.${name}`;
        problems.push({ path, message: `a workflow of this name is in ${other}; names are unique` });
      }
      owners.set(name, type);
    }
  }
}
