import { readFileSync } from 'node:fs';
import { readCpuMs } from '../program.mjs';

/** @typedef {{ seconds: number, maxRssMib: number, meanRssMib: number, cpuPercent: number, mainThreadPercent: number }} ProcessLoad `cpuPercent` of one core, all threads */

const MIB = 1024 ** 2;

/** Resident memory of a process in MiB; NaN where there is no /proc. @param {number} pid */
export function readRssMib(pid) {
  try {
    const [, kib = 'NaN'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return (Number(kib) * 1024) / MIB;
  } catch {
    // Not Linux, or the process is gone: unknown.
    return Number.NaN;
  }
}

/**
 * Samples a process every second.
 * @param {number} pid @param {{ seconds: number }} options @returns {Promise<ProcessLoad>}
 */
export async function sampleProcess(pid, { seconds }) {
  const start = performance.now();
  const before = { all: readCpuMs(pid), main: readCpuMs(pid, { thread: 'main' }) };
  /** @type {number[]} */
  const rss = [];
  for (let second = 1; second <= seconds; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, start + second * 1000 - performance.now()));
    rss.push(readRssMib(pid));
  }
  const tookMs = performance.now() - start;
  const percent = (/** @type {number} */ ms) => (ms / tookMs) * 100;
  return {
    seconds: Math.round(tookMs / 1000),
    maxRssMib: Math.round(Math.max(...rss)),
    meanRssMib: Math.round(rss.reduce((sum, value) => sum + value, 0) / rss.length),
    cpuPercent: Math.round(percent(readCpuMs(pid) - before.all)),
    mainThreadPercent: Math.round(percent(readCpuMs(pid, { thread: 'main' }) - before.main)),
  };
}
