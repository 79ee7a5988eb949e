export { classifyHistory } from './completion/classify-history.ts';
export * from './completion/collected-output.ts';
export * from './completion/detector-times.ts';
export * from './completion/history-entry.ts';
export { detectOutputKind, type OutputKind } from './completion/output-kind.ts';
export * from './completion/prompt-outcome.ts';
export * from './completion/prompt-state.ts';
export { readOutputs } from './completion/read-outputs.ts';
export * from './graphs/analyse-graph.ts';
export { findBrokenLinks, findKillingLinks } from './graphs/broken-links.ts';
export {
  type Choice,
  isModelFileName,
  OfferedChoices,
  readChoices,
  spellChoices,
} from './graphs/choices.ts';
export { type ExpandedInputs, expandInputs, type UnselectedCombo } from './graphs/expand-inputs.ts';
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
export type {
  Certainty,
  ClassifiedProblem,
  GraphVerdict,
  ProblemEffect,
  RemovedOutput,
} from './graphs/graph-verdict.ts';
export { findLeftOutOutputs, type OutputServer } from './graphs/left-out-outputs.ts';
export { nameGraphNode } from './graphs/name-graph-node.ts';
export {
  findReplacement,
  type NodeReplacement,
  type NodeReplacements,
  parseNodeReplacements,
  replaceNodes,
} from './graphs/node-replacements.ts';
export * from './graphs/object-info.ts';
export { findPaidClasses, isPaidClass, type PaidClasses } from './graphs/paid-classes.ts';
export {
  type FileInput,
  isOutputNode,
  listClassTypes,
  listFileInputs,
  listOutputNodes,
  type Requirements,
  readRequirements,
} from './graphs/requirements.ts';
export {
  applyUpdates,
  type GraphUpdates,
  type NodeSelector,
  type NodeUpdate,
  selectNode,
} from './graphs/select-nodes.ts';
export { type ValidateOptions, validateGraph, validateInSteps } from './graphs/validate-graph.ts';
export * from './http/comfy-error.ts';
export * from './http/comfy-http.ts';
export { createFetchTransport, type Fetch } from './http/fetch-transport.ts';
export type { CallOptions } from './http/http-calls.ts';
export * from './http/http-transport.ts';
export type { QueueItem } from './http/queue-item.ts';
export type { PromptRequest, RefusalError, SubmitOutcome } from './http/submit-prompt.ts';
export type { DeviceStats, SystemStats } from './http/system-stats.ts';
export { cutText } from './json/cut-text.ts';
export { cutRecord } from './json/cut-tree.ts';
export { parseLargeJson } from './json/large-json.ts';
export * from './json/locate-json.ts';
export * from './json/lossless-json.ts';
export * from './json/lossless-number.ts';
export { isRecord } from './json/records.ts';
export { parseTolerantJson } from './json/tolerant-json.ts';
export {
  detectKindByHeader,
  detectKindByName,
  isDistilledName,
  MODEL_KINDS,
  type ModelHeader,
  type ModelKind,
} from './models/model-kind.ts';
export { toPortableName } from './platform/portable-name.ts';
export * from './progress/progress-state.ts';
export {
  findPrompt,
  type LookupOptions,
  type PollJob,
  type PromptPlace,
  pollForPrompt,
} from './prompt/find-prompt.ts';
export {
  type FinishedBy,
  type FollowedEnd,
  type FollowerOptions,
  type FollowerReport,
  PromptFollower,
} from './prompt/prompt-follower.ts';
export { PromptRoutes, type RoutedPrompt } from './prompt/prompt-routes.ts';
export { stopPrompt } from './prompt/stop-prompt.ts';
export { type Submission, type SubmitJob, type SubmitReport, submitOnce } from './prompt/submit-once.ts';
export { ComfySession, type ComfySessionOptions, type PromptResult } from './session/comfy-session.ts';
export * from './session/session-events.ts';
export type { SessionLanguage } from './session/session-texts.ts';
export type { SocketImage } from './session/tracked-prompt.ts';
export * from './socket/binary-frame.ts';
export { createBrowserDialer, type WebSocketLike } from './socket/browser-dialer.ts';
export { ComfySocket, type ComfySocketOptions, type StatusWatch } from './socket/comfy-socket.ts';
export * from './socket/socket-dialer.ts';
export * from './socket/socket-message.ts';
export type { SocketProblem, SocketState } from './socket/socket-state.ts';
export type { Clock } from './time/clock.ts';
export { startTimeSlice, type TimeSlice, yieldToEventLoop } from './time/time-slice.ts';
