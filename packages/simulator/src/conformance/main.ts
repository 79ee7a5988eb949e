#!/usr/bin/env node
import { runScenario, SCENARIOS } from './scenarios.ts';

/** Plays the conformance list against a server: `node dist/conformance/main.js --url URL [--only NAME] [--verbose]`. */
async function main(args: readonly string[]): Promise<number> {
  const url = readOption(args, '--url');
  if (url === undefined) {
    process.stderr.write('usage: conformance --url http://127.0.0.1:8188 [--only NAME] [--verbose]\n');
    return 2;
  }
  const only = readOption(args, '--only');
  let different = 0;
  for (const scenario of SCENARIOS) {
    if (only !== undefined && only !== scenario.name) continue;
    const { differences } = await runScenario(url.replace(/\/$/, ''), scenario);
    if (differences.length > 0) different += 1;
    process.stdout.write(`${differences.length === 0 ? 'equal    ' : 'DIFFERENT'} ${scenario.name}\n`);
    for (const difference of args.includes('--verbose') ? differences : differences.slice(0, 3)) {
      process.stdout.write(`  ${difference.slice(0, 1500)}\n`);
    }
  }
  process.stdout.write(`${different} different\n`);
  return different === 0 ? 0 : 1;
}

function readOption(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

process.exitCode = await main(process.argv.slice(2));
