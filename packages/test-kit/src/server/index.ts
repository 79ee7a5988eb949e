export { readFrames, type SseFrame } from './event-frames.ts';
export { type Answer, type Json, type Parts, readAnswer, sendRequest } from './requests.ts';
export { type Client, RunningServer, type ServerOptions, startServer } from './start-server.ts';
