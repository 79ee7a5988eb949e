import type { TestProject } from 'vitest/node';
import { findChromium } from './binaries.mjs';
import { findRequiredServices, type ServiceName } from './required-services.ts';
import { openServiceRunner, type ServiceOutcome } from './service-runner.ts';

/** Addresses of the services of this test run; a missing one has a reason instead. */
export interface TestServices {
  postgres?: ServiceOutcome;
  mariadb?: ServiceOutcome;
  redis?: ServiceOutcome;
  chromium?: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    testServices: TestServices;
  }
}

const variables = {
  postgres: 'COMFLEET_TEST_POSTGRES',
  mariadb: 'COMFLEET_TEST_MARIADB',
  redis: 'COMFLEET_TEST_REDIS',
} as const satisfies Record<ServiceName, string>;

/**
 * Runs once per test run. Starts private copies of the servers that the selected files mention, unless a
 * COMFLEET_TEST_… variable already names one, and passes their addresses to tests by `inject('testServices')` and by
 * those variables. Returns the function that stops them.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services: TestServices = {};
  const toStart: ServiceName[] = [];
  for (const name of findRequiredServices(project.vitest.state.getPaths())) {
    const url = process.env[variables[name]];
    if (url) services[name] = { url };
    else toStart.push(name);
  }
  const runner = toStart.length > 0 ? await openServiceRunner(toStart) : undefined;
  for (const [name, outcome] of Object.entries(runner?.outcomes ?? {})) {
    const service = name as ServiceName;
    services[service] = outcome;
    if ('url' in outcome) process.env[variables[service]] = outcome.url;
    else process.env[`${variables[service]}_MISSING`] = outcome.reason;
  }
  const chromium = findChromium();
  if (chromium) {
    services.chromium = chromium;
    process.env.COMFLEET_TEST_CHROMIUM = chromium;
  }
  project.provide('testServices', services);
  return async () => runner?.stop();
}
