import type {
  Health,
  Placement,
  StreamFrame,
  SubmitBatch,
  SubmitTask,
  Task,
  Workflow,
} from '@comfleet/contract';
import type { Api, ApiFactory, ApiFailure, LiveListener } from '../api/api.ts';
import { sampleTask, sampleWorkflow } from './samples.ts';

/** A server in memory: holds what a test puts in and notes what the page asked. */
export class FakeServer {
  workflows: Workflow[] = [sampleWorkflow()];
  tasks: Task[] = [];
  submitted: SubmitTask[] = [];
  batches: SubmitBatch[] = [];
  canceled: string[] = [];
  retried: string[] = [];
  decided: [string, string][] = [];
  uploads: File[] = [];
  loaded: string[] = [];
  tokens: string[] = [];
  /** How often the sign-in was renewed, and from where it was ended. */
  renewals = 0;
  signOuts: string[] = [];
  /** Where a browser signs out at the provider. */
  endSession: string | null = null;
  /** While set, sign-in codes are refused with it. */
  codeRefusal: ApiFailure | null = null;
  /** How often the workflows were listed. */
  listings = 0;
  judged: Readonly<Record<string, unknown>>[] = [];
  /** What no worker has for these values. */
  missingWith: (parameters: Readonly<Record<string, unknown>>) => string[] = () => [];
  /** Why tasks wait; by default for their turn. */
  placement: Placement | null = null;
  services: Health['services'] = {};
  /** While set, every call is refused with it. */
  refusal: ApiFailure | null = null;
  /** While set, listing tasks is refused with it. */
  listRefusal: ApiFailure | null = null;
  live: LiveListener | null = null;

  send(frame: StreamFrame): void {
    this.live?.frame(frame);
  }

  factory(): ApiFactory {
    const token = (value: string) => ({
      access_token: value,
      token_type: 'bearer' as const,
      expires_in: 3600,
      expires_at: '2026-01-01T11:00:00.000Z',
    });
    return {
      signIn: {
        exchangeCode: (code) =>
          this.codeRefusal === null
            ? this.answer(token(`token-of-${code}`))
            : Promise.reject(this.codeRefusal),
        issueToken: (clientId) => this.answer(token(`token-of-${clientId}`)),
        signInUser: (name) => this.answer(token(`token-of-${name}`)),
      },
      open: (opened) => {
        this.tokens.push(opened);
        return this.api();
      },
    };
  }

  api(): Api {
    return {
      ...this.sessionAnswers(),
      ...this.workflowAnswers(),
      listTasks: ({ status }) => {
        if (this.listRefusal !== null) return Promise.reject(this.listRefusal);
        const tasks =
          status === 'pending' ? this.tasks.filter((task) => task.status === 'queued') : this.tasks;
        return this.answer({ tasks, total: tasks.length, next_cursor: null });
      },
      loadTask: (taskId) => {
        this.loaded.push(taskId);
        const task =
          this.tasks.find((candidate) => candidate.task_id === taskId) ?? sampleTask({ task_id: taskId });
        return this.answer({ ...task, attempts: [] });
      },
      submitTask: async (body) => {
        const answer = await this.answer(toSubmitted('task-new'));
        this.submitted.push(body);
        this.tasks = [sampleTask({ task_id: 'task-new', parameters: body.parameters ?? {} }), ...this.tasks];
        return answer;
      },
      submitBatch: async (body) => {
        this.batches.push(body);
        return this.answer(sampleBatch());
      },
      cancelTask: (taskId) => {
        this.canceled.push(taskId);
        return this.answer(sampleTask({ task_id: taskId, status: 'canceled' }));
      },
      cancelBatch: (batchId) => {
        this.canceled.push(batchId);
        return this.answer(undefined);
      },
      decideTask: (taskId, decision) => {
        this.decided.push([taskId, decision]);
        return this.answer(sampleTask({ task_id: taskId, status: 'queued' }));
      },
      retryTask: (taskId) => {
        this.retried.push(taskId);
        return this.answer(toSubmitted('task-again'));
      },
      createUpload: (file) => {
        this.uploads.push(file);
        return this.answer(sampleUpload(file));
      },
      watchOwn: (listener) => {
        this.live = listener;
        listener.state('live');
        return () => {
          this.live = null;
        };
      },
    };
  }

  private sessionAnswers(): Pick<Api, 'renew' | 'signOut' | 'loadWho'> {
    return {
      renew: () => {
        this.renewals += 1;
        return this.answer(undefined);
      },
      signOut: (from) => {
        this.signOuts.push(from);
        return this.answer(this.endSession);
      },
      loadWho: () =>
        this.answer({
          principal_id: 'me',
          kind: 'client',
          name: 'local',
          role: 'member',
          grants: [],
          permissions: [],
        }),
    };
  }

  private workflowAnswers(): Pick<Api, 'listWorkflows' | 'judgeWorkflow' | 'explainTask' | 'loadHealth'> {
    return {
      listWorkflows: () => {
        this.listings += 1;
        return this.answer(this.workflows);
      },
      explainTask: () =>
        this.placement === null
          ? Promise.reject(new Error('nothing to explain'))
          : this.answer(this.placement),
      loadHealth: () => this.answer({ status: 'ok', services: this.services }),
      judgeWorkflow: (_name, parameters) => {
        this.judged.push(parameters);
        const missing = this.missingWith(parameters);
        return this.answer({
          valid: true,
          errors: [],
          warnings: [],
          processed: {},
          available: missing.length === 0,
          missing,
        });
      },
    };
  }

  private answer<T>(value: T): Promise<T> {
    return this.refusal === null ? Promise.resolve(value) : Promise.reject(this.refusal);
  }
}

function toSubmitted(taskId: string) {
  return {
    task_id: taskId,
    status: 'queued' as const,
    message: '',
    estimated_time: null,
    queue_position: 0,
    warnings: [],
  };
}

function sampleBatch() {
  return {
    batch_id: 'batch-1',
    project_id: null,
    name: null,
    status: 'running' as const,
    message: '',
    priority: 5,
    counts: { total: 0, waiting: 0, running: 0, succeeded: 0, failed: 0, canceled: 0, expired: 0 },
    progress: 0,
    created_at: '2026-01-01T10:00:00.000Z',
    completed_at: null,
    duration_seconds: null,
    task_ids: [],
  };
}

function sampleUpload(file: File) {
  return {
    upload_id: 'upload-1',
    name: file.name,
    content_type: file.type,
    size_bytes: file.size,
    hash: 'blake3:00',
    width: null,
    height: null,
    created_at: '2026-01-01T10:00:00.000Z',
    url: '/api/fleet/assets/upload-1/content',
  };
}
