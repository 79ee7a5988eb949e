import { plainText } from '@comfleet/contract';
import { listProblems } from '../platform/config/config-problem.ts';
import type { AppError } from '../platform/errors/app-error.ts';
import { toError } from '../platform/errors/app-error.ts';
import { type ErrorDetails, hasCode } from '../platform/errors/error-details.ts';
import { describeDefinition } from './describe-reread.ts';
import type { SayStart } from './say-start.ts';

/** Lines of ComfyUI's log that are shown: the end of a traceback and what came before it. */
const LOG_LINES = 12;

/** PyTorch's messages when it finds no GPU, or was built without GPU support. */
const NO_GPU = /Found no NVIDIA driver|not compiled with CUDA enabled|No CUDA GPUs are available/;

/** Text for the terminal when the server does not start: what is wrong, and what to do. Pure. */
export function describeStartFailure(say: SayStart, error: AppError): string[] {
  if (hasCode(error, 'DATABASE_LOCKED')) {
    const address = error.details?.address ?? null;
    return [address === null ? say('start.already_runs_somewhere') : say('start.already_runs', { address })];
  }
  if (hasCode(error, 'CONFIG_INVALID')) return describeConfigProblems(say, error);
  if (hasCode(error, 'ADMIN_PASSWORD_REFUSED')) return [say('start.said', { what: plainText(error.code) })];
  if (hasCode(error, 'INSTANCE_CONFIG') && error.details) return describeInstanceProblem(say, error.details);
  if (hasCode(error, 'INSTANCE_START_FAILED') && error.details)
    return describeInstanceEnd(say, error.details);
  return describeOther(say, error);
}

function describeOther(say: SayStart, error: AppError): string[] {
  const isOurs = error.spec.blame === 'system' && error.cause !== undefined;
  return [
    say('start.failed', { code: error.code, meaning: plainText(error.code) }),
    ...(isOurs ? [`  ${toError(error.cause).message}`] : []),
    ...(error.details ? [JSON.stringify(error.details, null, 2)] : []),
  ];
}

/** A setting refused by another part is named in the details. */
function describeConfigProblems(say: SayStart, error: AppError): string[] {
  const problems = listProblems(error).map((problem) => `  ${describeDefinition(say, problem)}`);
  const lines = problems.length > 0 ? problems : [`  ${JSON.stringify(error.details)}`];
  return [say('start.config_invalid'), ...lines, say('start.config_correct')];
}

function describeInstanceProblem(say: SayStart, details: ErrorDetails<'INSTANCE_CONFIG'>): string[] {
  const { field, value, problem_text: problem } = details;
  const what = say('start.comfyui_problem', { what: value, problem });
  return field === 'python' ? [what, say('start.name_python')] : [what];
}

/**
 * A missing module usually means a Python other than ComfyUI's, rarely a broken one; a PyTorch that finds no GPU means a machine
 * without one.
 */
function describeInstanceEnd(
  say: SayStart,
  { reason, message_text: text, log }: ErrorDetails<'INSTANCE_START_FAILED'>,
): string[] {
  const lines = log.slice(-LOG_LINES);
  const lacksModule = lines.some((line) => /\b(ModuleNotFoundError|ImportError)\b/.test(line));
  const lacksGpu = lines.some((line) => NO_GPU.test(line));
  return [
    say('start.comfyui_failed', { reason: text ?? String(reason) }),
    ...lines.map((line) => `  ${line}`),
    ...(lacksModule ? [say('start.name_python')] : []),
    ...(lacksGpu ? [say('start.without_gpu')] : []),
  ];
}
