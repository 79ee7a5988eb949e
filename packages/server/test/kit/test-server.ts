import { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import type { FleetFrame, Worker } from '@comfleet/contract';
import { ApiDocument, FakeClock } from '@comfleet/test-kit';
import { openSettings } from '../../src/app/open-settings.ts';
import { addDoors } from '../../src/doors/add-doors.ts';
import { countFleet } from '../../src/doors/fleet-stats.ts';
import { RequestLimits } from '../../src/doors/request-limits.ts';
import type { AdminSwitch } from '../../src/fleet/workers/admin-overrides.ts';
import { createPerformanceCalls } from '../../src/flow/calls/performance/performance-calls.ts';
import { Balancing } from '../../src/flow/calls/placement/balancing.ts';
import { TaskPerformance } from '../../src/flow/performance/task-performance.ts';
import { AuditLog } from '../../src/people/audit/audit-log.ts';
import { createAuditedPeople } from '../../src/people/audit/audited-people.ts';
import { type Identity, openIdentity } from '../../src/people/identity/identity.ts';
import { createPrincipal } from '../../src/people/identity/principal.ts';
import type { Session } from '../../src/people/identity/session-cache.ts';
import { OidcSignIn } from '../../src/people/oidc/oidc-sign-in.ts';
import { readOidcSecret } from '../../src/people/oidc/settings.ts';
import { CurrentDay } from '../../src/people/quotas/current-day.ts';
import { QuotaBook } from '../../src/people/quotas/quota-book.ts';
import { createQuotaCalls } from '../../src/people/quotas/quota-calls.ts';
import { AppError } from '../../src/platform/errors/app-error.ts';
import { createHttpServer, type HttpServer } from '../../src/platform/http/http-server.ts';
import { listPageAddresses } from '../../src/platform/http/page-addresses.ts';
import { MemoryRateLimits } from '../../src/platform/http/rate-limits/memory-rate-limits.ts';
import { SignedLinks } from '../../src/platform/http/signed-links.ts';
import { StreamSlots } from '../../src/platform/http/stream-slots.ts';
import { type Logger, silentLogger } from '../../src/platform/logging/logger.ts';
import { Sealer } from '../../src/platform/secrets/sealer.ts';
import { systemRandom } from '../../src/platform/time/clock.ts';
import { createFakeAssets } from './fake-calls/fake-assets.ts';
import { createFakeBatches } from './fake-calls/fake-batches.ts';
import { FakeOwner } from './fake-calls/fake-owner.ts';
import { createFakeStatistics } from './fake-calls/fake-statistics.ts';
import { FakeStreams } from './fake-calls/fake-streams.ts';
import { createFakeTasks } from './fake-calls/fake-tasks.ts';
import { createFakeWorkflows } from './fake-calls/fake-workflows.ts';
import { openMemoryDatabase } from './memory-database.ts';
import { openConfigStore } from './open-config-store.ts';

export const WORKER_ID = '01900000-0000-7000-8000-00000000000d';

const UNLIMITED = { anonymous: null, registered_client: null, client: null, user: null };

interface TestServerOptions {
  config?: string;
  /** Requests are counted as configured; without it no caller has a limit. */
  hasRateLimits?: boolean;
  clientFolder?: string | null;
  namesData?: boolean;
  isOpenToAll?: boolean;
  logger?: Logger;
}

/**
 * The main listener with every door, fake calls, a real identity, and a fake clock. Not startServer(): no port, no workers, and
 * tests control what every call returns.
 */
export async function openTestServer(options: TestServerOptions = {}) {
  const clock = new FakeClock();
  const db = await openMemoryDatabase(clock);
  const { store } = openConfigStore(options.config);
  const config = store.current;
  const identity = openIdentity(
    { db, clock, random: systemRandom },
    {
      get registration() {
        return store.current.auth.registration;
      },
      get signInLifetimeMs() {
        return store.current.auth.signInLifetimeMs;
      },
      tokenLifetimeMs: 3_600_000,
      oidcLifetimeMs: 3_600_000,
    },
  );
  const written = await readOidcSecret(config.auth.oidc, {
    environment: {},
    read: async () => '',
    refuse: () => new Error('no secret'),
  });
  const sealer = new Sealer(Buffer.alloc(32, 7));
  const oidc = written && new OidcSignIn(written, { users: identity.oidcUsers, sealer, clock });
  const audit = new AuditLog({ db, clock, random: systemRandom });
  const auditedPeople = createAuditedPeople(db);
  const days = new CurrentDay(db, config.timeZone);
  const book = new QuotaBook(db, () => config.quotas);
  const quotas = createQuotaCalls({ db, days, book });
  const owned = new FakeOwner();
  const streams = new FakeStreams();
  const { tasks, submitted, state: fakeTask } = createFakeTasks(owned, streams);
  const calls = {
    tasks,
    batches: createFakeBatches(owned, streams),
    assets: createFakeAssets(owned, tasks),
    workflows: createFakeWorkflows(owned),
    statistics: createFakeStatistics(),
    performance: createPerformanceCalls(db, {
      performance: new TaskPerformance({ db, clock, timeZone: config.timeZone }),
      zone: config.timeZone,
    }),
  };
  const stop = new AbortController();
  const routes: { method: string; url: string }[] = [];
  const links = new SignedLinks(Buffer.from('k'.repeat(32)), () => clock.nowMs());
  const slots = new StreamSlots(() => store.current.limits.streamsPerClient);
  const limits = new RequestLimits({
    store: new MemoryRateLimits(clock),
    settings: () => (options.hasRateLimits === true ? store.current.rateLimits : UNLIMITED),
    isOpen: options.isOpenToAll === true,
  });
  const undocumented: unknown[] = [];
  const app = createHttpServer({
    listenHost: '127.0.0.1',
    publicUrl: config.server.publicUrl,
    allowedHosts: [],
    allowedOrigins: config.server.allowedOrigins,
    trustedProxies: config.server.trustedProxies,
    jsonBodyBytes: config.limits.jsonBodyBytes,
    body: config.limits.body,
    logger: silentLogger,
    clock,
  });
  checkAnswers(app, (problem) => undocumented.push(problem));
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) routes.push({ method, url: route.url });
  });
  const settings = await openSettings(store, db);
  const fleet = createFakeFleet();
  const logger = options.logger ?? silentLogger;
  const common = {
    ...calls,
    identity,
    audit,
    auditedPeople,
    quotas,
    oidc,
    fleet,
    slots,
    limits,
    clock,
    logger,
    signal: stop.signal,
  };
  const local = await signUp(identity, 'local', ['admin', 'raw_graph']);
  const anonymous: Session | null = options.isOpenToAll
    ? {
        principal: local.principal,
        tokenHash: '',
        tokenId: null,
        purpose: 'access',
        isFromOidc: false,
        isSelfRegistered: false,
        expiresAtMs: null,
      }
    : null;
  await addDoors(app, {
    ...common,
    settings,
    balancing: new Balancing(store, settings),
    config: store,
    policies: {
      list: () => [],
      test: async ({ role }) => ({ role: role ?? 'member', error: null }),
    },
    links,
    pageAddresses: (address) => listPageAddresses(config.server, address, {}),
    db,
    storage: { state: { kind: 'ok' }, freeBytes: null },
    version: '0.0.0-test',
    clientFolder: options.clientFolder ?? null,
    namesData: options.namesData === true,
    anonymous: anonymous && (() => anonymous),
  });
  await app.ready();
  const owner = await signUp(identity, 'owner', []);
  const other = await signUp(identity, 'other', ['raw_graph']);
  owned.id = owner.principal.id;
  return {
    app,
    clock,
    db,
    owned,
    streams,
    submitted,
    fakeTask,
    identity,
    audit,
    links,
    routes,
    stop,
    local,
    owner,
    other,
    close: async () => {
      stop.abort();
      await app.close();
      await db.close();
      if (undocumented.length > 0) throw new AggregateError(undocumented, String(undocumented[0]));
    },
  };
}

export type TestServer = Awaited<ReturnType<typeof openTestServer>>;

/** Created once, because it takes longer than a test. */
let document: ApiDocument | null = null;

/** Reports every response that the API document does not allow. */
function checkAnswers(app: HttpServer, report: (problem: unknown) => void): void {
  app.addHook('onSend', async (request, reply, payload) => {
    document ??= new ApiDocument(JSON.parse(JSON.stringify(app.swagger())));
    const contentType = reply.getHeader('content-type')?.toString() ?? null;
    const isStreamedJson =
      payload instanceof Readable && contentType?.startsWith('application/json') === true;
    const sent = isStreamedJson ? await readText(payload) : payload;
    const text = typeof sent === 'string' ? sent : '';
    try {
      document.check(`${request.method} ${request.url}`, { status: reply.statusCode, contentType, text });
    } catch (thrown) {
      report(thrown);
    }
    return sent;
  });
}

async function signUp(identity: Identity, name: string, grants: readonly ('admin' | 'raw_graph')[]) {
  const { client, secret } = await identity.clients.create({ name, description: null, grants });
  const { token } = await identity.clients.issueToken(client.id, secret);
  const principal = createPrincipal({ ...client, kind: 'client' });
  return { principal, token, secret, headers: { authorization: `Bearer ${token}` } };
}

function createFakeFleet() {
  const worker: Worker = {
    worker_id: WORKER_ID,
    name: 'gpu-1',
    url: 'http://127.0.0.1:8188',
    state: 'online',
    source: 'config',
    load: 0,
    max_concurrent: 2,
    load_percent: 0,
    capabilities: [],
    labels: [],
    group: 'primary',
    weight: 1,
    priority: 5,
    enabled: true,
    draining: false,
    discovered_by: null,
    metadata: {},
    comfyui_version: '0.3.64',
    devices: [],
    last_heartbeat: null,
    reason: null,
    socket: 'connected',
    slots: 2,
    latency_ms: 1.5,
    recovery: null,
  };
  const check = { result: 'ok', latency_ms: 1.4, message: 'answered in 1 ms' } as const;
  const load = (id: string): Worker => {
    if (id !== WORKER_ID) throw new AppError('WORKER_NOT_FOUND');
    return worker;
  };
  return {
    list: async () => [worker],
    load: async (id: string) => load(id),
    stats: async () => countFleet([worker]),
    listModels: async () => ({ models: [], next_cursor: null }),
    check: async (id: string) => ({ ...load(id), check }),
    acceptIdentity: async (id: string) => ({ ...load(id), check }),
    listEvents: async (id: string | null) => {
      if (id !== null) load(id);
      return { events: [], next_cursor: null };
    },
    watch: (show: (frame: FleetFrame) => void) => {
      show({ kind: 'snapshot', workers: [worker] });
      return () => undefined;
    },
    register: async () => worker,
    announce: async (): Promise<Worker> => {
      throw new AppError('UNAUTHORIZED');
    },
    change: async (id: string) => load(id),
    remove: async (id: string) => ({ worker_id: load(id).worker_id, removed: true, waiting_for: 0 }),
    refreshInventory: async (id: string) => load(id),
    override: async (id: string, change: AdminSwitch): Promise<Worker> =>
      'maintenance' in change
        ? { ...load(id), state: change.maintenance ? 'maintenance' : 'online' }
        : { ...load(id), ...change },
    reconnect: async (id: string) => load(id),
    loadLogs: async (id: string) => ({
      worker_id: load(id).worker_id,
      name: worker.name,
      lines: ['got prompt'],
    }),
  };
}
