import type { Flow } from '../../flow/flow.ts';
import type { Balancing } from '../../flow/placement/balancing.ts';
import type { Identity } from '../../people/identity/identity.ts';
import type { ConfigStore } from '../../platform/config/config-store.ts';
import type { SignedLinks } from '../../platform/http/signed-links.ts';
import type { StreamSlots } from '../../platform/http/stream-slots.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { FleetView } from '../fleet-view.ts';

/** What the native door speaks to. */
export interface NativeDeps {
  flow: Flow;
  fleet: FleetView;
  balancing: Pick<Balancing, 'state' | 'change'>;
  identity: Identity;
  config: Pick<ConfigStore, 'current' | 'reload'>;
  links: SignedLinks;
  slots: StreamSlots;
  clock: Clock;
  logger: Logger;
  /** Ends every open stream when the server stops. */
  signal: AbortSignal;
}
