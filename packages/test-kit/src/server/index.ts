export { followPath, type SseFrame } from './event-frames.ts';
export {
  type Caller,
  type Client,
  demand,
  type Json,
  type Parts,
  type ReceivedResponse,
  readResponse,
  registerClient,
  sendRequest,
} from './requests.ts';
export { type RunningServer, type ServerOptions, startServer } from './start-server.ts';
