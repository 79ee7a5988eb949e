#!/usr/bin/env node
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sendRequest } from '../platform/http-client.ts';
import { type EdgeResponse, loadRecordedEdges, sendEdges } from './edges.ts';
import { listScenarios, runScenario } from './scenarios.ts';
import type { RecordedVersion, TranscriptLine } from './transcript.ts';

const USAGE =
  'usage: conformance --url http://127.0.0.1:8188 [--only NAME] [--without-edges] [--record FOLDER] [--verbose]\n';

/** Plays the conformance list for a server's version against it; `--record` saves its responses as new recordings. */
async function main(args: readonly string[]): Promise<number> {
  const url = readOption(args, '--url')?.replace(/\/$/, '');
  if (url === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const version = await readVersion(url);
  const recordTo = readOption(args, '--record');
  if (recordTo !== undefined) mkdirSync(recordTo, { recursive: true });
  const only = readOption(args, '--only');
  let different = 0;
  const report = (name: string, differences: readonly string[]) => {
    if (differences.length > 0) different += 1;
    process.stdout.write(`${differences.length === 0 ? 'equal    ' : 'DIFFERENT'} ${name}\n`);
    for (const difference of args.includes('--verbose') ? differences : differences.slice(0, 3))
      process.stdout.write(`  ${difference.slice(0, 1500)}\n`);
  };
  if (only === undefined && !args.includes('--without-edges')) {
    const received = await sendEdges(url);
    report('edges', compareEdges(version, received));
    if (recordTo !== undefined) writeFileSync(join(recordTo, 'edges.json'), writeEdges(received));
  }
  for (const scenario of listScenarios(version)) {
    if (only !== undefined && only !== scenario.name) continue;
    const { differences, received } = await runScenario(url, scenario);
    report(scenario.name, differences);
    if (recordTo !== undefined) writeFileSync(join(recordTo, `${scenario.name}.jsonl`), writeLines(received));
  }
  process.stdout.write(`${different} different from ${version}\n`);
  return different === 0 ? 0 : 1;
}

async function readVersion(url: string): Promise<RecordedVersion> {
  const stats = (await (await sendRequest(`${url}/system_stats`)).json()) as {
    system: { comfyui_version: string };
  };
  return /^0\.[0-3]\./.test(stats.system.comfyui_version) ? '0.3.64' : '0.33';
}

function compareEdges(version: RecordedVersion, received: readonly EdgeResponse[]): string[] {
  const recorded = new Map(
    loadRecordedEdges(version).map((response) => [response.name, JSON.stringify(response)]),
  );
  return received.flatMap((answer) => {
    const [expected, text] = [recorded.get(answer.name), JSON.stringify(answer)];
    return expected === text ? [] : [`${answer.name}\n    recorded: ${expected}\n    received: ${text}`];
  });
}

function writeEdges(responses: readonly EdgeResponse[]): string {
  return `[\n${responses.map((answer) => JSON.stringify(answer)).join(',\n')}\n]\n`;
}

/** One line per frame or response, in the format of recordings. */
function writeLines(lines: readonly TranscriptLine[]): string {
  return lines.map((line) => `${JSON.stringify(describeLine(line))}\n`).join('');
}

function describeLine(line: TranscriptLine): Record<string, unknown> {
  switch (line.kind) {
    case 'text':
      return { ws: 'text', message: { type: line.type, data: line.data } };
    case 'binary':
      return { ws: 'binary', event: line.event, head: line.head.toString('base64') };
    case 'http': {
      const { method, target, request, form, status, headers, response, head } = line;
      return {
        http: `${method} ${target}`,
        ...{ request, form, status, headers, response },
        ...(head !== undefined && { head: head.toString('base64') }),
      };
    }
  }
}

function readOption(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

process.exitCode = await main(process.argv.slice(2));
