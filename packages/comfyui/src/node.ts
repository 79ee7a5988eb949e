export * from './index.ts';
export { systemClock } from './time/system-clock.ts';
export { createNodeTransport, type NodeTransport } from './node/undici-transport.ts';
export { createNodeDialer } from './node/ws-dialer.ts';
