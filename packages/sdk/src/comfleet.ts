import { AuditCalls } from './calls/audit.ts';
import { BatchCalls } from './calls/batches.ts';
import { ClientCalls } from './calls/clients.ts';
import { FleetCalls } from './calls/fleet.ts';
import { PendingTasks } from './calls/pending-tasks.ts';
import { PerformanceCalls } from './calls/performance.ts';
import { PolicyCalls } from './calls/policies.ts';
import { ProjectCalls } from './calls/projects.ts';
import { QuotaCalls } from './calls/quotas.ts';
import { AuthCalls, ServiceCalls } from './calls/service.ts';
import { SettingCalls } from './calls/settings.ts';
import { TaskCalls } from './calls/tasks.ts';
import { InvitationCalls, JoinTokenCalls, KeyCalls, SessionCalls } from './calls/tokens.ts';
import { UploadCalls } from './calls/uploads.ts';
import { UserCalls } from './calls/users.ts';
import { WorkerCalls } from './calls/workers.ts';
import { WorkflowCalls } from './calls/workflows.ts';
import { createDebugCalls, type DebugCalls } from './debug.ts';
import { type Credentials, TokenSource } from './http/credentials.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './http/retry.ts';
import { HttpTransport } from './http/transport.ts';
import { LiveConnection, type LiveListeners } from './live/live-connection.ts';
import { type OpenSocket, openPlatformSocket } from './live/socket.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import { consoleLog, type Log } from './platform/console-log.ts';
import { type Random, systemRandom } from './platform/random.ts';

export interface ComfleetOptions {
  /** Where the server is, for example http://127.0.0.1:8000. */
  readonly url: string;
  /** A bearer token, or a function that has the current one. */
  readonly token?: string | (() => string | null | Promise<string | null>);
  /** Or a client's id and secret; tokens are drawn and renewed by themselves. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** For one try of a call. Default 30,000; 0 means none. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  readonly fetch?: typeof fetch;
  readonly openSocket?: OpenSocket;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
}

/** The client of one Comfleet server. Holds no connection of its own; `connectLive` opens one. */
export class Comfleet {
  readonly url: string;
  readonly tasks: TaskCalls;
  readonly batches: BatchCalls;
  readonly workflows: WorkflowCalls;
  readonly uploads: UploadCalls;
  readonly workers: WorkerCalls;
  readonly fleet: FleetCalls;
  readonly policies: PolicyCalls;
  readonly settings: SettingCalls;
  readonly projects: ProjectCalls;
  readonly audit: AuditCalls;
  readonly quotas: QuotaCalls;
  readonly performance: PerformanceCalls;
  readonly clients: ClientCalls;
  readonly users: UserCalls;
  readonly invitations: InvitationCalls;
  readonly joinTokens: JoinTokenCalls;
  readonly keys: KeyCalls;
  readonly sessions: SessionCalls;
  readonly auth: AuthCalls;
  readonly service: ServiceCalls;
  readonly debug: DebugCalls;
  readonly #transport: HttpTransport;
  readonly #openSocket: OpenSocket;
  readonly #log: Log;

  constructor(options: ComfleetOptions) {
    this.url = options.url.replace(/\/+$/, '');
    const clock = options.clock ?? systemClock;
    const call = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#log = options.log ?? consoleLog;
    this.#openSocket = options.openSocket ?? openPlatformSocket;
    this.#transport = new HttpTransport({
      url: this.url,
      fetch: call,
      clock,
      random: options.random ?? systemRandom,
      tokens: new TokenSource(toCredentials(options), { url: this.url, fetch: call, clock }),
      retry: { ...DEFAULT_RETRY, ...options.retry },
      timeoutMs: options.timeoutMs ?? 30_000,
    });
    const pending = new PendingTasks();
    this.tasks = new TaskCalls(this.#transport, pending);
    this.batches = new BatchCalls(this.#transport);
    this.workflows = new WorkflowCalls(this.#transport);
    this.uploads = new UploadCalls(this.#transport);
    this.workers = new WorkerCalls(this.#transport);
    this.fleet = new FleetCalls(this.#transport);
    this.policies = new PolicyCalls(this.#transport);
    this.settings = new SettingCalls(this.#transport);
    this.projects = new ProjectCalls(this.#transport);
    this.audit = new AuditCalls(this.#transport);
    this.quotas = new QuotaCalls(this.#transport);
    this.performance = new PerformanceCalls(this.#transport);
    this.clients = new ClientCalls(this.#transport);
    this.users = new UserCalls(this.#transport);
    this.invitations = new InvitationCalls(this.#transport);
    this.joinTokens = new JoinTokenCalls(this.#transport);
    this.keys = new KeyCalls(this.#transport);
    this.sessions = new SessionCalls(this.#transport);
    this.auth = new AuthCalls(this.#transport);
    this.service = new ServiceCalls(this.#transport);
    this.debug = createDebugCalls(this.service, pending, this.#log);
  }

  /** Opens the live socket; it comes back by itself until `close()`. */
  connectLive(listeners: LiveListeners = {}): LiveConnection {
    const deps = { transport: this.#transport, openSocket: this.#openSocket, log: this.#log };
    const connection = new LiveConnection(deps, listeners);
    void connection.start();
    return connection;
  }
}

function toCredentials(options: ComfleetOptions): Credentials {
  const { token, clientId, clientSecret } = options;
  if (token !== undefined) return { kind: 'token', token };
  if (clientId !== undefined && clientSecret !== undefined) return { kind: 'client', clientId, clientSecret };
  return { kind: 'none' };
}
