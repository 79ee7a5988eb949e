import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type App, openApp } from './app/app.ts';
import { openConfig } from './app/settings.ts';
import { readBuiltInWorkflows } from './app/workflow-sources.ts';
import type { FirstAdmin } from './people/identity/first-admin.ts';
import { CONFIG_EXIT_CODE } from './platform/config/config-problem.ts';
import { AppError, toError } from './platform/errors/app-error.ts';
import { findPlainAddress, toSignInLink } from './platform/http/page-addresses.ts';
import { armFailpoint } from './platform/lifecycle/failpoints.ts';
import { createHalt } from './platform/lifecycle/halt-process.ts';
import { Scope } from './platform/lifecycle/scope.ts';
import { LogFile } from './platform/logging/log-file.ts';
import type { Logger } from './platform/logging/logger.ts';
import { createPinoLogger, type RootLogger } from './platform/logging/pino-logger.ts';
import { isPortFree } from './platform/process/free-port.ts';
import { limitHeapGrowth } from './platform/process/heap-growth.ts';
import { keepFilesPrivate } from './platform/process/private-files.ts';
import { systemClock } from './platform/time/clock.ts';
import { chooseWorkers } from './up/choose-workers.ts';
import { describeProblems, describeReread } from './up/describe-reread.ts';
import { describeStartFailure } from './up/describe-start-failure.ts';
import { describeStorage } from './up/describe-storage.ts';
import { runFirstExample } from './up/first-example.ts';
import { followFleet } from './up/follow-fleet.ts';
import { nameDataFolder } from './up/name-data-folder.ts';
import { openStopReport } from './up/report-stop.ts';
import { createSayStart, type SayStart } from './up/say-start.ts';
import type { UpOptions } from './up/up-options.ts';

/** Runs the server until the signal is aborted; returns the exit code. Configuration errors are printed, without a stack. */
export async function startUp(options: UpOptions): Promise<number> {
  limitHeapGrowth();
  keepFilesPrivate();
  const log = new LogFile({ path: resolve(options.dataDir, 'logs', 'system.log'), clock: systemClock });
  const logger = createPinoLogger({ level: 'info', destination: log });
  armFailpoint(options.environment.COMFLEET_FAILPOINT, {
    halt: createHalt(options.print),
    wait: (ms, then) => systemClock.setTimer(ms, then),
    onSignal: (arm) => process.once('SIGUSR2', arm),
  });
  const scope = new Scope('comfleet', systemClock, logger);
  const reportStop = openStopReport(scope, { clock: systemClock, logger });
  try {
    // A stop does not wait for a start that hangs, as on a disk of the network that went away.
    const app = await Promise.race([
      start(scope, options, { log, logger, reportStop }),
      waitForAbort(options.signal),
    ]);
    if (app) await Promise.race([waitForAbort(options.signal), welcome(scope, app, options)]);
    await waitForAbort(options.signal);
    reportStop(toError(options.signal.reason).message);
    options.print(createSayStart(options.language)('start.stopping'));
    return 0;
  } catch (thrown) {
    reportStop('the start failed');
    return explain(thrown, options, logger);
  } finally {
    await scope.close().catch((thrown: unknown) => {
      logger.error('shutdown.incomplete', { error: thrown });
    });
    log.close();
  }
}

async function start(
  scope: Scope,
  options: UpOptions,
  { log, logger, reportStop }: { log: LogFile; logger: RootLogger; reportStop: (cause: string) => void },
): Promise<App> {
  const port = options.port === undefined ? await findPort(options) : null;
  const { store, loaded } = await openConfig(
    {
      file: findConfigFile(options),
      isOptional: options.config === undefined,
      environment: options.environment,
      cwd: process.cwd(),
      options: {
        data_dir: options.dataDir,
        server: {
          ...(options.host === undefined ? {} : { host: options.host }),
          ...(options.port === undefined ? {} : { port: options.port }),
        },
      },
      fallbacks: { server: port === null ? {} : { port } },
    },
    logger,
  );
  logger.setLevel(loaded.config.logging.level);
  store.onChange(({ logging }) => logger.setLevel(logging.level));
  const say = createSayStart(options.language);
  for (const { path, text } of loaded.warnings) options.print(say('start.warning', { path, problem: text }));
  return openApp(scope, {
    store,
    builtInWorkflows: await readBuiltInWorkflows(),
    webRoot: options.webRoot ?? null,
    namesData: nameDataFolder(options.dataDir, process.cwd()) !== '',
    environment: options.environment,
    logger,
    logProblem: () => log.check(),
    onStorage: (state) =>
      options.print(describeStorage(createSayStart(options.language), state, loaded.config)),
    onReread: (reread) => {
      for (const line of describeReread(createSayStart(options.language), reread)) options.print(line);
    },
    onLost: (error) => {
      logger.error('lock.lost', { error });
      options.print(error.message);
      process.exitCode = 1;
      reportStop('another process took the data over');
      void scope.close();
    },
  });
}

const DEFAULT_PORT = 8000;
const PORT_TRIES = 100;

function findConfigFile({ config, dataDir }: UpOptions): string {
  return config ?? join(dataDir, 'config.yaml');
}

/** The default port, or the next free one. A configured port is not second-guessed. */
async function findPort(options: UpOptions): Promise<number | null> {
  if (existsSync(findConfigFile(options)) || options.environment.COMFLEET__SERVER__PORT !== undefined)
    return null;
  for (let port = DEFAULT_PORT; port < DEFAULT_PORT + PORT_TRIES; port += 1) {
    if (!(await isPortFree(options.host ?? '127.0.0.1', port))) continue;
    if (port !== DEFAULT_PORT) {
      const say = createSayStart(options.language);
      options.print(say('start.port_taken', { wanted: DEFAULT_PORT, taken: port }));
    }
    return port;
  }
  throw new AppError('PORT_TAKEN', { port: DEFAULT_PORT });
}

/** Everything a user sees after the start: addresses, workers, sign-in link, the first picture. */
async function welcome(scope: Scope, app: App, options: UpOptions): Promise<void> {
  const say = createSayStart(options.language);
  const { print } = options;
  const { library } = app;
  print(say('start.started', { address: app.address }));
  print(say('start.addresses', { address: app.address }));
  const addresses = app.pageAddresses(app.address);
  const plain = findPlainAddress(addresses);
  if (plain !== null) print(say('start.plain_http', { address: plain }));
  for (const line of describeProblems(say, library.problems())) print(line);
  await chooseWorkers(scope, app, options);
  // Only now is the fleet complete: workers of the command line and our own ComfyUI have joined.
  await app.engine.fleetComplete();
  const { code } = await app.identity.sessions.createSignInCode(app.local.principal.id);
  const [link = '', ...others] = addresses.map((at) => toSignInLink(at, code));
  print(say('start.sign_in', { link }));
  for (const other of others) print(say('start.sign_in_elsewhere', { link: other }));
  print(say('start.sign_in_later', { data: nameDataFolder(options.dataDir, process.cwd()) }));
  if (app.firstAdmin !== null) print(sayFirstAdmin(say, app.firstAdmin));
  scope.add('fleet on the terminal', followFleet(app.fleet, { say, print }));
  if (options.firstExample) await runFirstExample(app, options);
}

/** The first admin, shown once; a password of the environment is known to whoever set it. */
function sayFirstAdmin(say: SayStart, { name, password, file }: FirstAdmin): string {
  if (password === null || file === null) return say('start.first_admin_given', { name });
  return say('start.first_admin', { name, password, file });
}

function waitForAbort(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => {
    signal.addEventListener('abort', () => done(), { once: true });
  });
}

/** What the file or the environment gets wrong. */
const CONFIG_CODES: ReadonlySet<string> = new Set(['CONFIG_INVALID', 'ADMIN_PASSWORD_REFUSED']);

function explain(thrown: unknown, { print, language }: UpOptions, logger: Logger): number {
  const error = toError(thrown);
  logger.error('start.failed', { error });
  if (!(error instanceof AppError)) {
    print(`${error.name}: ${error.message}`);
    return 1;
  }
  for (const line of describeStartFailure(createSayStart(language), error)) print(line);
  return CONFIG_CODES.has(error.code) ? CONFIG_EXIT_CODE : 1;
}
