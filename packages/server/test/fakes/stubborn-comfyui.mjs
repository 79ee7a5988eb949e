// A program that takes ComfyUI's arguments and misbehaves on request: --exit-with N, --deaf, --ignore-signals,
// --grandchild, --reboot-once. It answers GET /system_stats like ComfyUI.
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const args = process.argv.slice(2);
const readValue = (name) => args[args.indexOf(name) + 1];

console.error('ComfyUI version: 0.3.64 (stubborn)');
if (args.includes('--exit-with')) {
  for (let line = 1; line <= 20; line += 1) console.error(`line ${line}`);
  process.exit(Number(readValue('--exit-with')));
}
if (args.includes('--ignore-signals')) for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => {});
if (args.includes('--grandchild')) {
  const child = spawn('sleep', ['3600'], { detached: true, stdio: 'ignore' });
  child.unref();
  console.error(`grandchild ${child.pid}`);
}
if (!args.includes('--deaf')) {
  const server = createServer((request, response) => {
    const isStats = request.url === '/system_stats';
    const body = { system: { comfyui_version: '0.3.64', argv: process.argv.slice(1) }, devices: [] };
    response.writeHead(isStats ? 200 : 404, { 'content-type': 'application/json' });
    response.end(isStats ? JSON.stringify(body) : '');
  });
  server.listen(Number(readValue('--port')), readValue('--listen'), () => console.error('Starting server'));
}
const proof = `${readValue('--temp-directory')}/rebooted`;
if (args.includes('--reboot-once') && !existsSync(proof)) {
  writeFileSync(proof, '');
  writeFileSync(`${process.env.__COMFY_CLI_SESSION__}.reboot`, '');
  setTimeout(() => process.exit(0), 1500);
}
setInterval(() => {}, 1000);
