import { describe, expect, it } from 'vitest';
import {
  ACCEPTED,
  END,
  FINISHED,
  graph,
  openFakeSession,
  PROMPT,
  settle,
} from '../../test/open-fake-session.ts';

describe('following a prompt', () => {
  it('CD13 messages that come before the answer to the POST are not lost', async () => {
    let release: (text: string) => void = () => undefined;
    const posted = new Promise<string>((resolve) => {
      release = resolve;
    });
    const { session, receive } = await openFakeSession({
      'POST /prompt': () => posted,
      [`GET /history/${PROMPT}`]: () => FINISHED,
    });
    const result = session.runPrompt(graph);
    await settle();
    receive(END);
    await settle();
    release(ACCEPTED);
    expect((await result).outputs).toHaveLength(1);
  });

  it('CD12 an end told five times is handled once', async () => {
    const { session, receive, lines } = await openFakeSession({
      'POST /prompt': () => ACCEPTED,
      [`GET /history/${PROMPT}`]: () => FINISHED,
    });
    const result = session.runPrompt(graph);
    await settle();
    for (let time = 0; time < 5; time += 1) receive(END);
    await Promise.all([result, session.checkTaskStatusManually(PROMPT)]);
    expect(lines.filter((line) => line.startsWith('✓'))).toHaveLength(1);
  });

  it('CD5 a bad status and an answer without the prompt are named apart and asked again', async () => {
    const answers: ({ status: number; text: string } | string)[] = [
      { status: 502, text: '<html>' },
      '{"another":{}}',
      '{}',
      FINISHED,
    ];
    const { session, clock, receive, logs } = await openFakeSession({
      'POST /prompt': () => ACCEPTED,
      [`GET /history/${PROMPT}`]: async () => answers.shift() ?? FINISHED,
    });
    const result = session.runPrompt(graph);
    await settle();
    receive(END);
    for (let time = 0; time < 4; time += 1) {
      await settle();
      clock.advance(1000);
    }
    expect((await result).outputs).toHaveLength(1);
    const failed = logs.filter((log) => log.step === 'check_failed').map((log) => log.cause);
    expect(failed).toMatchObject([{ code: 'BAD_STATUS' }, { code: 'INVALID_BODY' }]);
  });

  it('CD6 executing without prompt_id is reported with its data and changes nothing', async () => {
    const { session, receive, logs } = await openFakeSession({
      'POST /prompt': () => ACCEPTED,
      [`GET /history/${PROMPT}`]: () => '{}',
    });
    const result = session.runPrompt(graph, { signal: AbortSignal.timeout(50) });
    await settle();
    receive('{"type":"executing","data":{"node":null}}');
    receive('not json');
    expect(logs.map((log) => log.message)).toContain(
      'executing without prompt_id: {"node":null,"display_node":null,"prompt_id":null}',
    );
    expect(session.pendingTasks.get(PROMPT)?.phase).toBe('queued');
    await expect(result).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('CD10 polling begins with the first prompt and stops when none is pending', async () => {
    const { session, clock, receive, transport } = await openFakeSession({
      'POST /prompt': () => ACCEPTED,
      [`GET /history/${PROMPT}`]: () => FINISHED,
    });
    clock.advance(60_000);
    expect(transport.calls).toEqual([]);
    const result = session.runPrompt(graph);
    await settle();
    receive(END);
    await result;
    const before = transport.calls.length;
    clock.advance(600_000);
    await settle();
    expect(transport.calls).toHaveLength(before);
  });

  it('CD26 the steps of detection are logged with the prompt', async () => {
    const { session, logs, receive } = await openFakeSession({
      'POST /prompt': () => ACCEPTED,
      [`GET /history/${PROMPT}`]: () => FINISHED,
    });
    const result = session.runPrompt(graph);
    await settle();
    receive(END);
    await result;
    expect(logs.map((log) => [log.step, log.promptId, log.message])).toEqual([
      ['submitted', PROMPT, 'accepted'],
      ['end_seen', PROMPT, 'executing null'],
    ]);
  });

  it('CD9 a prompt whose end was never told is finished by a check', async () => {
    const { session, clock, logs } = await openFakeSession({
      'POST /prompt': () => ACCEPTED,
      [`GET /history/${PROMPT}`]: () => FINISHED,
    });
    const result = session.runPrompt(graph);
    await settle();
    clock.advance(1000);
    await result;
    expect(logs.map((log) => log.step)).toContain('finished_by_check');
  });

  it('PR2 sixty seconds of silence are told with the last node', async () => {
    const { session, clock, lines, receive } = await openFakeSession({
      'POST /prompt': () => ACCEPTED,
      [`GET /history/${PROMPT}`]: () => '{}',
      'GET /queue': () => JSON.stringify({ queue_running: [[1, PROMPT, {}, {}, []]], queue_pending: [] }),
    });
    const stop = new AbortController();
    const result = session.runPrompt(graph, { signal: stop.signal });
    await settle();
    receive('{"type":"status","data":{"status":{"exec_info":{"queue_remaining":1}}}}');
    clock.advance(30_000);
    receive(JSON.stringify({ type: 'executing', data: { node: '1', display_node: '1', prompt_id: PROMPT } }));
    clock.advance(59_000);
    expect(lines.filter((line) => line.startsWith('⚠'))).toEqual([]);
    clock.advance(1000);
    expect(lines.filter((line) => line.startsWith('⚠'))).toEqual(['⚠ No message for 60 s, last node: 1']);
    stop.abort();
    await expect(result).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('a 200 with node errors is a failure', async () => {
    const partial = JSON.stringify({ prompt_id: PROMPT, number: 1, node_errors: { '4': {} } });
    const { session } = await openFakeSession({ 'POST /prompt': () => partial });
    await expect(session.runPrompt(graph)).rejects.toMatchObject({
      code: 'PROMPT_REFUSED',
      details: { nodeErrors: { '4': {} } },
    });
  });
});
