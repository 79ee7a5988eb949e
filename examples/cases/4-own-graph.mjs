// Sends a graph file (exported in ComfyUI with "Export (API)") with changes directly to one ComfyUI, without Comfleet's queue.
// All runs share one WebSocket: opened once, kept open with `autoClose: false`, and closed at the end.
import { fileURLToPath } from 'node:url';
import { ComfyUI } from '@comfleet/comfyui/node';
import { secondsSince } from '../parts/example.mjs';

const SAMPLE = fileURLToPath(new URL('../workflows/custom/solid_color.json', import.meta.url));
const COLOURS = [0xcc3333, 0x33cc33, 0x3333cc];

/**
 * @param {Pick<import('../parts/example.mjs').Example, 'text' | 'print' | 'folder' | 'args' | 'signal'>} example
 * @param {URL} server  of one ComfyUI
 */
export async function run({ text, print, folder, args, signal }, server) {
  const startedMs = performance.now();
  const [graph = SAMPLE, ...assignments] = args;
  const changes =
    args.length > 0
      ? [assignments.map(parseAssignment)]
      : COLOURS.map((color) => [{ classType: 'EmptyImage', inputs: { color, width: 256, height: 256 } }]);
  const total = changes.length;
  const language = text.quit === 'Quit' ? 'en' : 'zh-CN';
  const comfy = new ComfyUI({ host: server.hostname, port: Number(server.port || 80), language });
  comfy.on('line', print);
  print(text.direct(server.origin));
  try {
    await comfy.connectWebSocket(signal);
    for (const [index, updates] of changes.entries()) {
      const item = index + 1;
      const itemStartedMs = performance.now();
      print(text.item({ item, total, description: 1, descriptions: 1, copy: item, copies: total }));
      const options = { fileName: `image_${item}`, autoClose: false, signal };
      const { files } = await comfy.processWorkflow(graph, updates, folder, options);
      print(text.itemDone(item, total, secondsSince(itemStartedMs)));
      for (const path of files) print(text.saved(path));
    }
    print(text.upgrades(comfy.upgrades, total));
  } finally {
    await comfy.close();
  }
  print(text.total(secondsSince(startedMs)));
}

/**
 * Parses `6.text=a cat`: an input of a graph node and its value, as JSON if it is valid JSON.
 * @param {string} assignment
 */
function parseAssignment(assignment) {
  const [, nodeId, input, value] = /^([^.=]+)\.([^=]+)=(.*)$/s.exec(assignment) ?? [];
  if (nodeId === undefined || input === undefined || value === undefined) {
    throw new Error(`NODE.input=value, not ${assignment}`);
  }
  return { nodeId, inputs: { [input]: parseValue(value) } };
}

/** @param {string} text */
function parseValue(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text; // plain words need no quotes
  }
}
