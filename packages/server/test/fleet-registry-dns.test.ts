import { openSimulator, type Simulator } from '@comfleet/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../src/app/settings.ts';
import { type DnsDiscovery, openDnsDiscovery } from '../src/fleet/workers/joining/discovery/dns-discovery.ts';
import type { WorkerRegistry } from '../src/fleet/workers/registry.ts';
import { Scope } from '../src/platform/lifecycle/scope.ts';
import { silentLogger } from '../src/platform/logging/logger.ts';
import { createDnsResolver } from '../src/platform/net/dns-resolver.ts';
import { systemClock } from '../src/platform/time/clock.ts';
import { openDnsServer } from './kit/dns-server.ts';
import { openRegistry } from './kit/open-registry.ts';

let scope: Scope;
let registry: WorkerRegistry;
let dns: Awaited<ReturnType<typeof openDnsServer>>;
let simulator: Simulator;

beforeEach(async () => {
  scope = new Scope('test', systemClock, silentLogger);
  dns = await openDnsServer();
  simulator = await openSimulator({ stepMs: 5 });
  registry = await openRegistry(scope);
});
afterEach(async () => {
  await scope.close();
  await dns.close();
  await simulator.close();
});

function open(entry: object): DnsDiscovery {
  const text = JSON.stringify({ nodes: { discovery_mode: 'dynamic', dns: [entry], dns_grace: 60 } });
  const { discovery } = parseConfig(text, { file: null, environment: {}, cwd: '/' }).config;
  const resolver = createDnsResolver([dns.address]);
  const clock = systemClock;
  return openDnsDiscovery(scope, {
    registry,
    resolver,
    discovery: () => discovery,
    clock,
    logger: silentLogger,
  });
}

/** Resolves when the workers have these states, in the order they joined. */
function whenStates(...states: string[]): Promise<void> {
  const isReached = () => String(registry.list().map((worker) => worker.state)) === String(states);
  return new Promise((resolve) => {
    const check = () => {
      if (!isReached()) return;
      end();
      resolve();
    };
    const end = registry.onChange(check);
    check();
  });
}

describe('workers by DNS name over loopback', () => {
  it('ND3 an SRV record leads to a worker, and its end drains it', async () => {
    const { port } = simulator;
    dns.names.set('_comfyui._tcp.lan', { srv: [{ priority: 1, weight: 7, port, target: 'localhost' }] });
    const discovery = open({ name: '_comfyui._tcp.lan', type: 'SRV', labels: ['lan'] });
    await whenStates('online');
    expect(registry.list()).toMatchObject([
      { name: `localhost:${port}`, weight: 7, group: 'primary', labels: ['lan'], source: 'discovered' },
    ]);
    dns.names.set('_comfyui._tcp.lan', {});
    await discovery.lookUp();
    expect(registry.list()).toMatchObject([{ state: 'draining', leaving: true }]);
  });

  it('ND3 an A record leads to a worker, and a name server that fails takes nobody out', async () => {
    dns.names.set('gpus.lan', { a: ['127.0.0.1'] });
    const discovery = open({ name: 'gpus.lan', port: simulator.port });
    await whenStates('online');
    dns.break(true);
    await discovery.lookUp();
    expect(registry.list()).toMatchObject([{ name: `127.0.0.1:${simulator.port}`, state: 'online' }]);
    dns.break(false);
    dns.names.delete('gpus.lan');
    await discovery.lookUp();
    expect(registry.list()).toMatchObject([{ state: 'draining' }]);
  });

  it('ND3 an AAAA record leads to an IPv6 address', async () => {
    const six = await openSimulator({ host: '::1', stepMs: 5 });
    scope.add('simulator', () => six.close());
    dns.names.set('gpus.lan', { aaaa: ['::1'] });
    open({ name: 'gpus.lan', type: 'AAAA', port: six.port });
    await whenStates('online');
    expect(registry.list()).toMatchObject([{ name: `[::1]:${six.port}`, url: `http://[::1]:${six.port}` }]);
  });
});
