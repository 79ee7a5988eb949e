export * from './completion/collected-output.ts';
export * from './completion/history-entry.ts';
export { judgeHistory } from './completion/judge-history.ts';
export * from './completion/prompt-outcome.ts';
export * from './completion/prompt-state.ts';
export { readOutputs } from './completion/read-outputs.ts';
export {
  collectAncestors,
  detectGraphFormat,
  findGraphNode,
  type Graph,
  type GraphFormat,
  type GraphLink,
  type GraphNode,
  type GraphProblem,
  parseGraph,
  readLink,
} from './graphs/graph.ts';
export * from './graphs/object-info.ts';
export * from './http/comfy-error.ts';
export * from './http/comfy-http.ts';
export * from './http/http-transport.ts';
export type { QueueItem } from './http/queue-item.ts';
export type { PromptRequest, RefusalError, SubmitOutcome } from './http/submit-prompt.ts';
export type { DeviceStats, SystemStats } from './http/system-stats.ts';
export * from './json/lossless-json.ts';
export * from './progress/progress-state.ts';
export { parseTolerantJson } from './json/tolerant-json.ts';
export * from './socket/binary-frame.ts';
export * from './socket/socket-dialer.ts';
export * from './socket/socket-message.ts';
export type { Clock } from './time/clock.ts';
