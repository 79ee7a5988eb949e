import { expect, test } from 'vitest';
import type { ImageFrame } from '../socket/binary-frame.ts';
import type { SocketMessage } from '../socket/socket-message.ts';
import { PromptRoutes, type RoutedPrompt } from './prompt-routes.ts';

const executing = (promptId: string | null): SocketMessage => ({
  type: 'executing',
  data: { node: '1', display_node: '1', prompt_id: promptId },
});
const started = (promptId: string): SocketMessage => ({
  type: 'execution_start',
  data: { prompt_id: promptId },
});
const status: SocketMessage = { type: 'status', data: { queue_remaining: 0, sid: null } };
const preview: ImageFrame = { event: 1, mimeType: 'image/png', image: new Uint8Array() };
const owned = (promptId: string | null): ImageFrame => ({
  ...preview,
  event: 4,
  promptId,
  nodeId: '1',
  displayNodeId: null,
});

function openRoutes(phases: Record<string, RoutedPrompt['follower']['phase']>) {
  const heard: string[] = [];
  const routes = new PromptRoutes();
  for (const [promptId, phase] of Object.entries(phases)) {
    const hear = (what: string) => heard.push(`${promptId} ${what}`);
    routes.add({
      follower: {
        promptId,
        phase,
        onMessage: ({ type }) => hear(type),
        onReconnected: () => hear('reconnected'),
      },
    });
  }
  const ownerOf = (frame: ImageFrame) => routes.findOwner(frame)?.follower.promptId ?? null;
  return { routes, heard, ownerOf };
}

test('CD8 a message goes to its prompt alone, a count and the start of any prompt to all', () => {
  const { routes, heard } = openRoutes({ a: 'running', b: 'queued' });

  expect(routes.onMessage(executing('a'))?.follower.promptId).toBe('a');
  expect(routes.onMessage(executing('foreign'))).toBeNull();
  expect(routes.onMessage(executing(null))).toBeNull();
  expect(heard).toEqual(['a executing']);

  routes.onMessage(status);
  routes.onMessage(started('foreign'));
  routes.onReconnected();
  expect(heard.slice(1)).toEqual([
    ...['a status', 'b status'],
    ...['a execution_start', 'b execution_start'],
    ...['a reconnected', 'b reconnected'],
  ]);
});

test('PR7 an image belongs to the prompt it names, else to the one that runs', () => {
  const { routes, ownerOf } = openRoutes({ a: 'queued', b: 'queued' });
  expect(ownerOf(preview)).toBeNull();

  routes.onMessage(executing('b'));
  expect([ownerOf(preview), ownerOf(owned(null)), ownerOf(owned('a'))]).toEqual(['b', 'b', 'a']);
  expect(ownerOf(owned('foreign'))).toBeNull();
  expect(routes.isRunning('b')).toBe(true);

  routes.remove('b');
  expect(routes.isRunning('b')).toBe(false);
  expect(ownerOf(preview)).toBeNull();
});

test('PR7 without a message yet, as after a reconnect, the one that the queue shows running owns it', () => {
  const { ownerOf } = openRoutes({ a: 'queued', b: 'running' });

  expect(ownerOf(preview)).toBe('b');
});
