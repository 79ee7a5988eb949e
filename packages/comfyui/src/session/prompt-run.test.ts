import type { FakeClock } from '@comfleet/test-kit';
import { describe, expect, it } from 'vitest';
import {
  ACCEPTED,
  type Answers,
  FINISHED,
  graph,
  openFakeSession,
  PROMPT,
  settle,
} from '../../test/open-fake-session.ts';
import { ComfyError } from '../http/comfy-error.ts';

const EMPTY = JSON.stringify({ queue_running: [], queue_pending: [] });

/** A server that breaks the POST and answers lookups only while `isAway` is false. */
function breakPost(history: () => string) {
  const network = { isAway: false, posts: 0 };
  const whenThere = (answer: () => string) => () => {
    if (network.isAway) throw new ComfyError('CONNECTION_REFUSED', 'found no server');
    return answer();
  };
  const answers: Answers = {
    'POST /prompt': () => {
      network.posts += 1;
      throw new ComfyError('RESET', 'POST /prompt broke');
    },
    'POST /queue': whenThere(() => ''),
    'GET /queue': whenThere(() => EMPTY),
    [`GET /history/${PROMPT}`]: whenThere(history),
  };
  return { network, answers };
}

async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 250) {
    clock.advance(Math.min(250, left));
    await settle();
  }
}

describe('when the response of POST is lost', () => {
  it('C-4 and the server is away for 8 s, it is looked for until it is found; it is sent once', async () => {
    const { network, answers } = breakPost(() => FINISHED);
    const { session, clock, logs } = await openFakeSession(answers);
    network.isAway = true;
    const result = session.runPrompt(graph);
    await pass(clock, 8000);
    expect(session.pendingTasks.get(PROMPT)?.phase).toBe('unclear');

    network.isAway = false;
    await pass(clock, 1000);

    expect((await result).outputs).toHaveLength(1);
    expect(network.posts).toBe(1);
    expect(logs.map((log) => log.step)).toEqual(expect.arrayContaining(['unclear', 'finished_by_check']));
  });

  it('C-4 and the server never comes back, the outcome is unknown after 120 s: not safe to run it again', async () => {
    const { network, answers } = breakPost(() => FINISHED);
    const { session, clock } = await openFakeSession(answers);
    network.isAway = true;
    const result = session.runPrompt(graph);
    const seen = expect(result).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      cause: { code: 'RESET' },
      details: { promptId: PROMPT, mayRun: true },
    });
    await pass(clock, 124_000);
    expect(session.pendingTasks.size).toBe(1);

    await pass(clock, 2000);

    await seen;
    expect(network.posts).toBe(1);
  });

  it('and the server says at 0, 1, 3 and 5 s that it does not have it, the broken POST is the error', async () => {
    const { network, answers } = breakPost(() => '{}');
    const { session, clock } = await openFakeSession(answers);
    const result = session.runPrompt(graph);
    const seen = expect(result).rejects.toMatchObject({ code: 'RESET', details: {} });
    await pass(clock, 7000);

    await seen;
    expect(network.posts).toBe(1);
  });

  it('and the server, back again, does not have it, it is lost: it can be run again', async () => {
    const { network, answers } = breakPost(() => '{}');
    const { session, clock } = await openFakeSession(answers);
    network.isAway = true;
    const result = session.runPrompt(graph);
    const seen = result.catch((error: unknown) => error);
    await pass(clock, 20_000);
    network.isAway = false;
    await pass(clock, 5000);

    const error = await seen;
    expect(error).toMatchObject({ code: 'PROMPT_LOST', cause: { code: 'RESET' } });
    expect(error).not.toHaveProperty('details.mayRun');
  });
});

describe('a prompt that is given up', () => {
  it.each([
    [false, undefined],
    [true, true],
  ])('says whether it may still run: server away %s', async (isAway, mayRun) => {
    const { network, answers } = breakPost(() => '{}');
    const { session } = await openFakeSession({ ...answers, 'POST /prompt': () => ACCEPTED });
    const abort = new AbortController();
    const result = session.runPrompt(graph, { signal: abort.signal });
    const seen = result.catch((error: unknown) => error);
    await settle();
    network.isAway = isAway;
    abort.abort();

    const error = await seen;
    expect(error).toMatchObject({ code: 'ABORTED', details: { promptId: PROMPT } });
    expect(error instanceof ComfyError && error.details.mayRun).toBe(mayRun);
  });

  it('half a result is a refusal, and the other half is stopped', async () => {
    const partial = JSON.stringify({ prompt_id: PROMPT, number: 1, node_errors: { '4': {} } });
    const { answers } = breakPost(() => '{}');
    const { session, transport } = await openFakeSession({ ...answers, 'POST /prompt': () => partial });

    await expect(session.runPrompt(graph)).rejects.toMatchObject({ code: 'PROMPT_REFUSED' });
    expect(transport.calls).toContain('POST /queue');
  });
});
