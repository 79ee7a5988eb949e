import type {
  Batch,
  Decision,
  Health,
  Placement,
  StreamFrame,
  SubmitBatch,
  SubmitTask,
  Submitted,
  Task,
  TaskDetail,
  TaskPage,
  Token,
  Upload,
  Validation,
  Who,
  Workflow,
} from '@comfleet/contract';

/** Whether the live socket carries news now. */
export type LiveState = 'connecting' | 'live' | 'lost';

export interface LiveListener {
  frame(frame: StreamFrame): void;
  state(state: LiveState): void;
  /** The server refused the socket or something on it. */
  refused(failure: ApiFailure): void;
}

/** What the page asks of a Comfleet server once somebody is signed in. Failures are `ApiFailure`. */
export interface Api {
  loadWho(): Promise<Who>;
  /** Has a browser's sign-in live on from now. */
  renew(): Promise<void>;
  /** Ends the sign-in of this browser, or of all browsers of the same client; returns where to sign out of the provider too. */
  signOut(from: 'here' | 'everywhere'): Promise<string | null>;
  listWorkflows(): Promise<Workflow[]>;
  /** Whether a worker could run the workflow with these values, and what is missing where none could. */
  judgeWorkflow(name: string, parameters: Readonly<Record<string, unknown>>): Promise<Validation>;
  listTasks(filter: { limit: number; cursor?: string; status?: string }): Promise<TaskPage>;
  loadTask(taskId: string): Promise<TaskDetail>;
  /** Why a task waits, worker by worker, or how its worker is. */
  explainTask(taskId: string): Promise<Placement>;
  loadHealth(): Promise<Health>;
  submitTask(body: SubmitTask, idempotencyKey: string): Promise<Submitted>;
  submitBatch(body: SubmitBatch, idempotencyKey: string): Promise<Batch>;
  cancelTask(taskId: string): Promise<Task>;
  cancelBatch(batchId: string): Promise<void>;
  /** Whether a task with paid nodes that may have run is sent again. */
  decideTask(taskId: string, decision: Decision): Promise<Task>;
  retryTask(taskId: string): Promise<Submitted>;
  createUpload(file: File): Promise<Upload>;
  /** Follows all tasks of the caller, reconnecting by itself; the answer ends it. */
  watchOwn(listener: LiveListener): () => void;
}

/** How somebody signs in, before there is a token. */
export interface SignInApi {
  exchangeCode(code: string): Promise<Token>;
  issueToken(clientId: string, clientSecret: string): Promise<Token>;
  /** With a user's name and password. */
  signInUser(name: string, password: string): Promise<Token>;
}

/** Opens both sides of a server's API; the page has one, tests pass their own. */
export interface ApiFactory {
  signIn: SignInApi;
  open(token: string): Api;
}

/** A refused or failed call: `code` is the server's (contract/errors) or `UNREACHABLE` when nothing answered. */
export class ApiFailure extends Error {
  readonly code: string;
  readonly details: Record<string, unknown> | null;

  constructor(
    code: string,
    message: string,
    options: { details?: Record<string, unknown> | null; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ApiFailure';
    this.code = code;
    this.details = options.details ?? null;
  }
}

/** Any throwable as an `ApiFailure`, so that a view has one shape to show. */
export function toFailure(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ApiFailure('UNREACHABLE', message, { cause: error });
}
