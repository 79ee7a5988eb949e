import { detectGraphFormat, type Graph, parseGraph, parseLosslessJson } from '@comfleet/comfyui';
import { AppError } from '../../../platform/errors/app-error.ts';
import { invalidWorkflow } from './invalid-workflow.ts';

/** Reads a graph as a caller wrote it. Refuses what is no graph, and ComfyUI's other format with the way out of it. */
export function parseGraphText(graphText: string): Graph {
  let value: unknown;
  try {
    value = parseLosslessJson(graphText);
  } catch (cause) {
    throw new AppError('INVALID_WORKFLOW', { reason: 'not JSON' }, { cause });
  }
  if (detectGraphFormat(value) === 'ui') throw new AppError('WORKFLOW_FORMAT_UI');
  const parsed = parseGraph(value);
  if (!parsed.ok) throw invalidWorkflow(parsed.problems);
  return parsed.graph;
}
