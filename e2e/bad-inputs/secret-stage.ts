import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Caller, demand, type Json, registerClient } from '@comfleet/test-kit/server';
import { vi } from 'vitest';
import { SIMULATOR_FOLDER, SimulatorProcess } from '../faults/simulator-process.ts';
import { ServerProcess } from '../kill/server-process.ts';
import type { FreshDatabase } from '../services/databases.ts';
import type { WrongCredentials } from './tokens.ts';

/** A text that is found wherever it leaks; long enough for every rule about secrets. */
function drawCanary(): string {
  return `canary-${randomBytes(24).toString('hex')}`;
}

/** A server in its own process whose secrets are all known: it has users, clients, keys, workers and a ComfyUI of its own. */
export class SecretStage {
  readonly folder: string;
  readonly server: ServerProcess;
  readonly database: FreshDatabase;
  /** Every secret by its name, as it must be found nowhere. */
  readonly secrets = new Map<string, string>();
  readonly #workers: SimulatorProcess[] = [];
  #member = '';
  #wrong: WrongCredentials | null = null;

  private constructor(folder: string, database: FreshDatabase) {
    this.folder = folder;
    this.database = database;
    this.server = new ServerProcess(folder, {
      COMFLEET_ADMIN_PASSWORD: this.#draw('admin-password'),
      COMFLEET__NODES__JOIN_TOKEN: this.#draw('join-token'),
      STUDIO_PASSWORD: this.#draw('worker-password'),
      UNUSED_PASSWORD: this.#draw('unused-environment'),
    });
    if ('password' in database.config && database.config.password.length > 7)
      this.secrets.set('database password', database.config.password);
  }

  static async open(database: FreshDatabase): Promise<SecretStage> {
    const folder = await mkdtemp(join(tmpdir(), 'comfleet-secrets-'));
    const stage = new SecretStage(folder, database);
    await stage.#start();
    await stage.#createPeople();
    return stage;
  }

  /** Address of the server with a bearer of its local admin. */
  async admin(): Promise<Caller> {
    return (await this.server.whenUp()).address;
  }

  /** Bearer of a user who may submit workflows. */
  get member(): string {
    return this.#member;
  }

  get wrong(): WrongCredentials {
    if (this.#wrong === null) throw new Error('the stage is not open');
    return this.#wrong;
  }

  secret(name: string): string {
    const found = this.secrets.get(name);
    if (found === undefined) throw new Error(`there is no secret ${name}`);
    return found;
  }

  /** Stops the server, and with it the ComfyUI that it started; a killed server would leave that behind. */
  async close(): Promise<void> {
    await this.server.stop();
    for (const worker of this.#workers) await worker.kill();
    await this.database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #draw(name: string): string {
    return this.keep(name, drawCanary());
  }

  /** Records a secret that the server drew; its prefix alone is no secret. */
  keep(name: string, text: string): string {
    this.secrets.set(name, text);
    return text;
  }

  async #start(): Promise<void> {
    this.#workers.push(await SimulatorProcess.start(this.folder, 'w1'));
    this.#workers.push(await SimulatorProcess.start(this.folder, 'w2'));
    const [first, second] = this.#workers.map(({ url }) => url);
    // An own ComfyUI: a program that looks like one to the server.
    const repository = join(this.folder, 'comfyui');
    await mkdir(repository);
    const entry = pathToFileURL(join(SIMULATOR_FOLDER, 'main.js')).href;
    await writeFile(join(repository, 'main.py'), `import(${JSON.stringify(entry)});\n`);
    await this.server.configure(this.database.config, [], 'file', {
      auth: { secret_key: this.#draw('secret-key'), registration: 'invite' },
      // Wrong tokens are many.
      rate_limits: { anonymous_per_minute: null },
      nodes: { discovery_mode: 'hybrid' },
      logging: { level: 'debug' },
      instances: { repo_path: repository, python: process.execPath },
      workers: [
        {
          name: 'w1',
          url: first,
          auth: { username: 'studio', password: { env: 'STUDIO_PASSWORD' } },
          headers: { 'x-studio-key': this.#draw('worker-header') },
        },
      ],
    });
    await this.server.start(null);
    const admin = await this.admin();
    this.keep('local credential', admin.token ?? '');
    const { host } = new URL(second ?? '');
    const login = `studio:${this.#draw('added-worker-password')}`;
    await demand(admin, 'POST /api/fleet/workers', {
      status: 201,
      body: { name: 'w2', url: `http://${login}@${host}` },
    });
    for (const name of ['worker-password', 'added-worker-password'])
      this.keep(`${name} as basic`, Buffer.from(`studio:${this.secret(name)}`).toString('base64'));
  }

  async #createPeople(): Promise<void> {
    const admin = await this.admin();
    const make = async (path: string, body: object, status = 201): Promise<Json> =>
      demand(admin, `POST ${path}`, { status, body });
    const anyone = { url: admin.url, token: null };
    const signIn = async (username: string, password: string): Promise<string> =>
      (await demand(anyone, 'POST /api/v2/auth/sign-in', { body: { username, password } })).access_token;

    const password = this.#draw('user-password');
    await make('/api/v2/admin/users', { username: 'mira', role: 'member', password });
    this.#member = this.keep('session of a user', await signIn('mira', password));
    const ended = this.keep('ended session', await signIn('mira', password));
    await demand({ url: admin.url, token: ended }, 'POST /api/v2/auth/sign-out', { status: 200, body: {} });
    const drawn = await make('/api/v2/admin/users', { username: 'theo', role: 'viewer' });
    const disabled = this.keep(
      'session of a disabled user',
      await signIn('theo', this.keep('drawn password', drawn.password)),
    );
    await demand(admin, 'PATCH /api/v2/admin/users/theo', { body: { disabled: true } });

    const client = await registerClient(admin, 'rotated', ['raw_graph']);
    this.keep('bearer of a rotated client', client.token);
    this.keep('former client secret', client.secret);
    const rotated = await make(`/api/v2/admin/clients/${client.id}/rotate`, {}, 200);
    const clientSecret = this.keep('client secret', rotated.client_secret);

    const key = await make('/api/v2/auth/keys', { name: 'nightly' });
    this.keep('key', key.key);
    const revoked = await make('/api/v2/auth/keys', { name: 'revoked' });
    await demand(admin, `DELETE /api/v2/auth/keys/${revoked.key_id}`, { status: 204 });
    const invitation = await make('/api/v2/admin/invitations', { name: 'guest' });
    const join = await make('/api/v2/admin/join-tokens', { name: 'rack' });
    const { links } = await make('/api/v2/auth/links', {});
    this.#wrong = {
      bearer: this.#member,
      clientSecret,
      joinToken: this.secret('join-token'),
      drawnJoinToken: this.keep('drawn join token', join.join_token),
      invitation: this.keep('invitation', invitation.invitation),
      signInCode: this.keep('code of a sign-in link', String(links[0]).split('#code=')[1] ?? ''),
      expiredKey: this.keep('expired key', await this.#makeExpiredKey(admin)),
      revokedKey: this.keep('revoked key', revoked.key),
      endedSession: ended,
      rotatedClient: client.token,
      disabledUser: disabled,
      password,
      signingKey: this.secret('secret-key'),
    };
  }

  /** A key of a second, once that is over. */
  async #makeExpiredKey({ url, token }: Caller): Promise<string> {
    const body = { name: 'expired', expires_in: 1 };
    const { key } = await demand({ url, token }, 'POST /api/v2/auth/keys', { status: 201, body });
    const isRefused = () => demand({ url, token: key }, 'GET /api/v2/auth/me', { status: 401 });
    await vi.waitFor(isRefused, { timeout: 5000, interval: 100 });
    return key;
  }
}
