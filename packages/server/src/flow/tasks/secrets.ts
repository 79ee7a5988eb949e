import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { parseLosslessJson, stringifyLosslessJson } from '@comfleet/comfyui';
import type { TaskId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import { statement } from '../../platform/database/statement.ts';
import type { TaskRow, TaskTables } from './task-tables.ts';

const selectSealed = statement<TaskTables, { id: TaskId }, { sealed: Uint8Array }>((k, p) =>
  k.selectFrom('task_secret').select('sealed').where('task_id', '=', p.id),
);
const deleteSealed = statement<TaskTables, { id: TaskId }>((k, p) =>
  k.deleteFrom('task_secret').where('task_id', '=', p.id),
);

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * What a task carries in confidence (`api_key_comfy_org` and the like): one row sealed with AES-256-GCM, sent to the
 * worker with its prompt and deleted when the task ends.
 */
export class Secrets {
  readonly #database: Database<TaskTables>;
  readonly #key: Uint8Array;

  /** `key` has 32 bytes. */
  constructor(database: Database<TaskTables>, key: Uint8Array) {
    this.#database = database;
    this.#key = key;
  }

  seal(extraData: Record<string, unknown>): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    const body = Buffer.concat([cipher.update(stringifyLosslessJson(extraData), 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]);
  }

  async load(taskId: TaskId): Promise<Record<string, unknown>> {
    const [row] = await this.#database.read(selectSealed(this.#database.k, { id: taskId }));
    return row ? this.#open(row.sealed) : {};
  }

  /** Deletes a task's row together with the commit that ends it. */
  writesAtEnd(task: Pick<TaskRow, 'id'>): Write[] {
    return [{ query: deleteSealed(this.#database.k, { id: task.id }) }];
  }

  #open(sealed: Uint8Array): Record<string, unknown> {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const text = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    // Sealed by this program only.
    return parseLosslessJson(text.toString('utf8')) as Record<string, unknown>;
  }
}
