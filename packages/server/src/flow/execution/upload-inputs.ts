import { ComfyError, type ComfyHttp } from '@comfleet/comfyui';
import { toError } from '../../platform/errors/app-error.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import { type AttemptResult, endAttempt } from './ending.ts';
import type { InputFile } from './prepare-graph.ts';
import { isUnheard } from './submit-attempt.ts';

export interface UploadJob {
  task: TaskRow;
  http: ComfyHttp;
  signal: AbortSignal;
  upload: (input: InputFile, http: ComfyHttp, signal: AbortSignal) => Promise<string>;
}

export type Uploaded =
  | { kind: 'uploaded'; values: { nodeId: string; inputName: string; value: string }[] }
  | { kind: 'failed'; result: Exclude<AttemptResult, { ending: 'succeeded' }> };

/** Uploads a task's input files to its worker, before each attempt. Throws only at a shutdown. */
export async function uploadInputs({ task, http, signal, upload }: UploadJob): Promise<Uploaded> {
  const requirements: { inputs?: InputFile[] } = JSON.parse(task.requirements);
  const values: { nodeId: string; inputName: string; value: string }[] = [];
  for (const file of requirements.inputs ?? []) {
    try {
      values.push({ ...file, value: await upload(file, http, signal) });
    } catch (thrown) {
      if (signal.reason === 'shutdown') throw thrown;
      return { kind: 'failed', result: classifyFailure(file, thrown, signal) };
    }
  }
  return { kind: 'uploaded', values };
}

function classifyFailure({ assetId }: InputFile, thrown: unknown, { aborted }: AbortSignal) {
  const cause = toError(thrown).message;
  if (aborted) return endAttempt('lost', 'WORKER_UNREACHABLE', { cause, dispatched: false });
  // Nothing was sent, and the task is not at fault.
  if (thrown instanceof ComfyError && wasNotReceived(thrown))
    return endAttempt('lost', 'WORKER_UNREACHABLE', { cause, dispatched: false, refused: true });
  return endAttempt('failed', 'INPUT_UPLOAD_FAILED', { asset_id: assetId, cause });
}

/** True when no server listens, or a proxy lets nothing through. */
function wasNotReceived({ code, details }: ComfyError): boolean {
  return code === 'CONNECTION_REFUSED' || isUnheard(details.status ?? 0);
}
