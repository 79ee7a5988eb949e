import { parseLosslessJson, stringifyLosslessJson } from '@comfleet/comfyui';
import type { TaskId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import { statement } from '../../platform/database/statement.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { TaskRow, TaskTables } from './task-tables.ts';

const selectSealed = statement<TaskTables, { id: TaskId }, { sealed: Uint8Array }>((k, p) =>
  k.selectFrom('task_secret').select('sealed').where('task_id', '=', p.id),
);
const deleteSealed = statement<TaskTables, { id: TaskId }>((k, p) =>
  k.deleteFrom('task_secret').where('task_id', '=', p.id),
);

/**
 * Secrets of tasks, such as `api_key_comfy_org`: one row for each task, sealed with AES-256-GCM, sent to the worker with the
 * prompt, and deleted when the task ends.
 */
export class Secrets {
  readonly #database: Database<TaskTables>;
  readonly #sealer: Sealer;

  constructor(database: Database<TaskTables>, sealer: Sealer) {
    this.#database = database;
    this.#sealer = sealer;
  }

  seal(extraData: Record<string, unknown>): Uint8Array {
    return this.#sealer.seal(stringifyLosslessJson(extraData));
  }

  async load(taskId: TaskId): Promise<Record<string, unknown>> {
    const [row] = await this.#database.read(selectSealed(this.#database.k, { id: taskId }));
    // Only this program seals them.
    return row ? (parseLosslessJson(this.#sealer.open(row.sealed)) as Record<string, unknown>) : {};
  }

  /** Writes that delete a task's secrets in the commit that ends it. */
  writesAtEnd(task: Pick<TaskRow, 'id'>): Write[] {
    return [{ query: deleteSealed(this.#database.k, { id: task.id }) }];
  }
}
