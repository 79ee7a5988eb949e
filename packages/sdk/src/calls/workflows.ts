import {
  type EstimateError,
  estimateErrorListSchema,
  type Validation,
  validationSchema,
  type Workflow,
  type WorkflowList,
  workflowListSchema,
  workflowSchema,
} from '@comfleet/contract';
import { writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';

/** Everything about named workflows. */
export class WorkflowCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  async list(filter: { taskType?: string } = {}, options: CallOptions = {}): Promise<Workflow[]> {
    return (await this.listWithProblems(filter, options)).workflows;
  }

  /** The workflows, and for admins what of the configuration and of their files was refused. */
  async listWithProblems(
    filter: { taskType?: string } = {},
    options: CallOptions = {},
  ): Promise<WorkflowList> {
    const query = { task_type: filter.taskType };
    const request = { ...options, method: 'GET', path: '/api/v2/workflows', query } as const;
    return await this.#transport.json(request, workflowListSchema);
  }

  async load(name: string, options: CallOptions = {}): Promise<Workflow> {
    return await this.#transport.json({ ...options, method: 'GET', path: pathOf(name) }, workflowSchema);
  }

  /** Checks values without running anything; what would run is in `processed`. */
  async validate(
    name: string,
    parameters: Readonly<Record<string, unknown>>,
    options: CallOptions = {},
  ): Promise<Validation> {
    const path = `${pathOf(name)}/validate`;
    const body = writeJson({ parameters });
    return await this.#transport.json(
      { ...options, method: 'POST', path, body, repeatable: true },
      validationSchema,
    );
  }

  /** How far off the estimates of tasks were, by workflow. Needs the admin grant. */
  async estimateErrors(options: CallOptions = {}): Promise<EstimateError[]> {
    const request = { ...options, method: 'GET', path: '/api/fleet/estimates' } as const;
    return (await this.#transport.json(request, estimateErrorListSchema)).estimates;
  }
}

function pathOf(name: string): string {
  return `/api/v2/workflows/${encodeURIComponent(name)}`;
}
