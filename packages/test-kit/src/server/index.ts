export { followPath, type SseFrame } from './event-frames.ts';
export {
  type Answer,
  type Caller,
  type Client,
  demand,
  type Json,
  type Parts,
  readAnswer,
  registerClient,
  sendRequest,
} from './requests.ts';
export { type RunningServer, type ServerOptions, startServer } from './start-server.ts';
