import {
  type Policy,
  type PolicyTested,
  policyListSchema,
  policyTestedSchema,
  type TestPolicy,
} from '@comfleet/contract';
import { rawJson, writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';

/** The administrator's rules for graphs. Needs the permission to manage the fleet. */
export class PolicyCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  /** The rules in force, and where they come from. */
  async list(options: CallOptions = {}): Promise<Policy[]> {
    const request = { ...options, method: 'GET', path: '/api/fleet/policies' } as const;
    return (await this.#transport.json(request, policyListSchema)).policies;
  }

  /** Whether a graph would be refused to someone, and by which rules; `rawGraph` is JSON text, sent as it is. */
  async test(
    { rawGraph, ...subject }: Omit<TestPolicy, 'graph'> & { rawGraph: string },
    options: CallOptions = {},
  ): Promise<PolicyTested> {
    const body = writeJson({ ...subject, graph: rawJson(rawGraph) });
    const request = { ...options, method: 'POST', path: '/api/fleet/policies/test', body } as const;
    return await this.#transport.json(request, policyTestedSchema);
  }
}
