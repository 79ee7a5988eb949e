import { join } from 'node:path';
import { startProgram } from '../program.mjs';

/** @typedef {import('../program.mjs').Program} Program */
/** @typedef {{ urls: string[], stop: () => Promise<void> }} StandIns */

const STAND_IN = join(import.meta.dirname, 'stand-in.mjs');
const PROCESSES = 4;
/** Different installations in the fleet, each with its own object_info and checkpoints. */
const INSTALLATIONS = 8;
const CHECKPOINTS_EACH = 20;

/** Checkpoints that only the last worker has: tasks that need them wait while it is in maintenance. @param {number} count */
export function listRareCheckpoints(count) {
  return Array.from({ length: count }, (_value, number) => `rare-${number}.safetensors`);
}

/**
 * Starts a fleet of idle stand-ins in a few processes. Only the last worker has the rare checkpoints.
 * @param {{ workers: number, rareCheckpoints: readonly string[] }} options @returns {Promise<StandIns>}
 */
export async function startStandIns({ workers, rareCheckpoints }) {
  const checkpoints = (/** @type {number} */ variant) =>
    Array.from({ length: CHECKPOINTS_EACH }, (_value, file) => `checkpoint-${variant}-${file}.safetensors`);
  const common = Array.from({ length: INSTALLATIONS }, (_value, variant) => ({
    variant,
    checkpoints: checkpoints(variant),
  }));
  const rare = { variant: INSTALLATIONS, checkpoints: rareCheckpoints };
  const rest = workers - 1;
  const shares = Array.from({ length: PROCESSES }, (_value, process) =>
    Math.floor((rest + process) / PROCESSES),
  );
  const programs = [
    ...shares.filter((share) => share > 0).map((share) => startStandIn(share, common)),
    startStandIn(1, [rare]),
  ];
  const stop = async () => void (await Promise.all(programs.map((program) => program.stop())));
  try {
    const lines = await Promise.all(programs.map((program) => program.waitForLine(/^workers (.*)$/)));
    return { urls: lines.flatMap((line) => JSON.parse(line)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @param {number} count @param {readonly object[]} installations @returns {Program} */
function startStandIn(count, installations) {
  return startProgram([STAND_IN, String(count), ...installations.map((one) => JSON.stringify(one))]);
}
