export * from './index.ts';
export { ComfyUI, type ComfyUIOptions, type ProcessOptions, type ProcessResult } from './node/comfy-ui.ts';
export { readRegularFile } from './node/read-regular-file.ts';
export { type SaveOptions, saveOutputs } from './node/save-outputs.ts';
export { createNodeTransport, type NodeTransport } from './node/undici-transport.ts';
export { createNodeDialer } from './node/ws-dialer.ts';
export { systemClock } from './time/system-clock.ts';
