import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Program } from '@comfleet/test-kit';
import { blake3 } from 'hash-wasm';
import type { WorkerEntry } from './ledgers.ts';

const SIMULATOR = join(dirname(createRequire(import.meta.url).resolve('@comfleet/simulator')), 'main.js');

/** A simulated ComfyUI in its own process, with its files and its ledger on disk. */
export interface WorkerProcess {
  name: string;
  url: string;
  stop(): Promise<void>;
  /** Kills it at once, together with its running prompt. */
  kill(): Promise<void>;
  /** Its ledger, with hashes of the files that are in its output folder now. */
  readLedger(): Promise<WorkerEntry[]>;
}

export async function startWorker(folder: string, name: string): Promise<WorkerProcess> {
  const home = join(folder, name);
  await mkdir(join(home, 'custom_nodes'), { recursive: true });
  const output = join(home, 'output');
  const ledger = join(home, 'ledger.jsonl');
  const program = Program.node([
    SIMULATOR,
    ...['--listen', '127.0.0.1', '--port', '0'],
    ...['--base-directory', home, '--output-directory', output, '--ledger', ledger],
  ]);
  const url = await program.waitForLine(/To see the GUI go to: (\S+)/);
  return {
    name,
    url,
    stop: async () => void (await program.stop('SIGINT')),
    kill: async () => void (await program.stop('SIGKILL')),
    readLedger: () => readLedger(name, ledger, output),
  };
}

interface LedgerLine {
  event: string;
  monotonic_ns: string;
  prompt_id?: string;
  status?: string;
  folder?: string;
  path?: string;
}

async function readLedger(worker: string, file: string, output: string): Promise<WorkerEntry[]> {
  const entries: WorkerEntry[] = [];
  for (const text of (await readFile(file, 'utf8')).split('\n')) {
    if (text === '') continue;
    const line = JSON.parse(text) as LedgerLine;
    const { event, prompt_id: promptId, status = '', path = '' } = line;
    if (promptId === undefined) continue;
    const at = { worker, promptId, atNs: BigInt(line.monotonic_ns) };
    if (event === 'execution_start') entries.push({ kind: 'execution_start', ...at });
    if (event === 'execution_end') entries.push({ kind: 'execution_end', ...at, status });
    if (event === 'file_written' && line.folder === 'output')
      entries.push({ kind: 'file_written', ...at, hash: await blake3(await readFile(join(output, path))) });
  }
  return entries;
}
