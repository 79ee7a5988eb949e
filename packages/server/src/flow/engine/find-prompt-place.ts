import type { ComfyHttp } from '@comfleet/comfyui';
import type { WorkerId } from '@comfleet/contract';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import type { PromptPlace } from './engine.ts';

/** Looks a prompt up on its worker, queue before history. `http` is null if the worker left the fleet. Never throws. */
export async function findPromptPlace(
  http: Pick<ComfyHttp, 'loadQueue' | 'loadHistory'> | null,
  { workerId, promptId }: { workerId: WorkerId; promptId: string },
): Promise<PromptPlace> {
  try {
    if (!http) throw new AppError('WORKER_NOT_FOUND', { worker_id: workerId });
    const { running, pending } = await http.loadQueue();
    if (running.some((item) => item.promptId === promptId)) return { place: 'running', error: null };
    if (pending.some((item) => item.promptId === promptId)) return { place: 'pending', error: null };
    return { place: (await http.loadHistory(promptId)) ? 'history' : 'absent', error: null };
  } catch (thrown) {
    const error = new AppError('WORKER_UNREACHABLE', { cause: toError(thrown).message });
    return { place: 'unreachable', error: error.toRecord() };
  }
}
