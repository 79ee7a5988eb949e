import {
  type Announced,
  type AnnounceWorker,
  announcedSchema,
  type Balancing,
  balancingSchema,
  type FleetModel,
  type FleetStats,
  fleetModelPageSchema,
  fleetStatsSchema,
  type Strategy,
} from '@comfleet/contract';
import { writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';

const BALANCING = '/api/fleet/balancing';

/** The fleet as a whole. */
export class FleetCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  /** Workers by state, capacity, load and free slots. */
  async stats(options: CallOptions = {}): Promise<FleetStats> {
    const request = { ...options, method: 'GET', path: '/api/fleet/stats' } as const;
    return await this.#transport.json(request, fleetStatsSchema);
  }

  /** Files of models, and which workers have them; all, or those of a folder (`checkpoints`), kind (`sd1`) or worker. */
  async models(
    filter: { folder?: string | undefined; kind?: string | undefined; worker?: string | undefined } = {},
    options: CallOptions = {},
  ): Promise<FleetModel[]> {
    const models: FleetModel[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const request = {
        ...options,
        method: 'GET',
        path: '/api/fleet/models',
        query: { ...filter, cursor },
      } as const;
      const page = await this.#transport.json(request, fleetModelPageSchema);
      models.push(...page.models);
      cursor = page.next_cursor;
    }
    return models;
  }

  /** The strategy that chooses workers, and what decides it. */
  async balancing(options: CallOptions = {}): Promise<Balancing> {
    return await this.#transport.json({ ...options, method: 'GET', path: BALANCING }, balancingSchema);
  }

  /** Changes the strategy now and for good; null lets the server's file decide again. */
  async setStrategy(strategy: Strategy | null, options: CallOptions = {}): Promise<Balancing> {
    const body = writeJson({ strategy });
    return await this.#transport.json({ ...options, method: 'PUT', path: BALANCING, body }, balancingSchema);
  }

  /** Says once that a worker is there. `joinToken` is the server's `nodes.join_token`; no other credential is needed. */
  async announce(
    worker: AnnounceWorker,
    options: CallOptions & { readonly joinToken: string },
  ): Promise<Announced> {
    const { joinToken, ...call } = options;
    return await this.#transport.json(
      {
        ...call,
        method: 'POST',
        path: '/api/fleet/register',
        body: writeJson(worker),
        headers: { authorization: `Bearer ${joinToken}` },
        anonymous: true,
        repeatable: true,
      },
      announcedSchema,
    );
  }
}
