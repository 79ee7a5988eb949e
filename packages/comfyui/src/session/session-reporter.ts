import { Listeners } from '../socket/listeners.ts';
import type { Clock } from '../time/clock.ts';
import type { SessionEvents, SessionLog } from './session-events.ts';
import { chooseTexts, type SessionLanguage, type SessionTexts } from './session-texts.ts';
import type { TrackedChange, TrackedPrompt } from './tracked-prompt.ts';

const SHOW_EVERY_MS = 100;

/** Reports the events and lines of a session, and decides when progress is worth reporting. */
export class SessionReporter {
  readonly texts: SessionTexts;
  readonly #listeners: { [E in keyof SessionEvents]: Listeners<SessionEvents[E]> };
  #reportedQueue = 0;

  constructor(language: SessionLanguage) {
    this.texts = chooseTexts(language);
    const logs = new Listeners<SessionLog>(() => undefined); // there is nowhere to report a failing log listener
    const report = (cause: unknown): void =>
      logs.emit({ step: 'listener_failed', promptId: null, message: 'A listener failed', cause });
    this.#listeners = {
      progress: new Listeners(report),
      preview: new Listeners(report),
      line: new Listeners(report),
      log: logs,
    };
  }

  on<E extends keyof SessionEvents>(event: E, listener: (data: SessionEvents[E]) => void): () => void {
    return this.#listeners[event].add(listener);
  }

  emit<E extends keyof SessionEvents>(event: E, data: SessionEvents[E]): void {
    this.#listeners[event].emit(data);
  }

  print(line: string): void {
    this.#listeners.line.emit(line);
  }

  log(log: SessionLog): void {
    this.#listeners.log.emit(log);
  }

  /** Reports the queue length, once per value. */
  reportQueue(remaining: number): void {
    if (remaining > 0 && remaining !== this.#reportedQueue) this.print(this.texts.queue(remaining));
    this.#reportedQueue = remaining;
  }

  /** Reports progress: at each new node, else at most every 100 ms. */
  reportChange(prompt: TrackedPrompt, change: TrackedChange, nowMs: number): void {
    if (change.newNode && change.progress.currentNodeId !== null) {
      this.print(this.texts.node(change.progress.currentNodeId));
    }
    if (!change.newNode && nowMs - prompt.lastShownMs < SHOW_EVERY_MS) return;
    prompt.lastShownMs = nowMs;
    const { step, steps, fraction } = prompt.progress;
    this.#listeners.progress.emit(prompt.progress);
    // Only whole steps are worth a line; some nodes count in fractions.
    if (step === null || steps === null || steps <= 1 || !Number.isInteger(step) || fraction === 1) return;
    this.print(this.texts.progress(((step / steps) * 100).toFixed(1), step, steps));
  }

  /** Warns whenever a prompt was silent for `silenceMs`, until the returned function is called. */
  warnOfSilence(prompt: TrackedPrompt, clock: Clock, silenceMs: number): () => void {
    let cancel: () => void = () => undefined;
    const wait = (ms: number): void => {
      cancel = clock.setTimer(ms, () => {
        const silentMs = clock.monotonicMs() - prompt.lastHeardMs;
        if (silentMs < silenceMs) return wait(silenceMs - silentMs);
        const text = this.texts.silent(Math.round(silentMs / 1000), prompt.progress.currentNodeId);
        this.print(text);
        this.log({ step: 'waiting_long', promptId: prompt.promptId, message: text });
        wait(silenceMs);
      });
    };
    wait(silenceMs);
    return () => cancel();
  }
}
