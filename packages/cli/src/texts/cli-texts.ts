import type { Advice, RefusalReason } from '@comfleet/contract';
import { EN } from './en.ts';
import type { Language } from './language.ts';
import { ZH_CN } from './zh-cn.ts';
import { ZH_TW } from './zh-tw.ts';

/** What a batch makes. */
export type Medium = 'image' | 'video';

/** One item of a batch in numbers that count from 1. */
export interface ItemPlace {
  readonly item: number;
  readonly total: number;
  readonly description: number;
  readonly descriptions: number;
  readonly copy: number;
  readonly copies: number;
}

/** Every line of the command that is for people. */
export interface CliTexts {
  accepted(taskId: string): string;
  submitted(promptId: string): string;
  waiting(promptId: string): string;
  node(node: string): string;
  progress(percent: string, value: number, max: number): string;
  queue(tasks: number): string;
  done(id: string, seconds: string): string;
  failed(id: string, message: string): string;
  canceled(id: string): string;
  attemptEnded(number: number, worker: string, message: string): string;
  silent(seconds: number, node: string | null): string;
  saved(path: string): string;
  stillRunning(taskId: string): string;
  batchAccepted(batchId: string): string;
  batchConnected(medium: Medium): string;
  batchItem(place: ItemPlace, medium: Medium): string;
  batchItemDone(item: number, total: number, seconds: string): string;
  batchItemFailed(item: number, total: number, message: string): string;
  batchClosed(medium: Medium): string;
  batchTotal(medium: Medium, seconds: string): string;
  batchSummary(counts: { succeeded: number; failed: number; canceled: number }): string;
  noServer(url: string): string;
  noCredential(path: string): string;
  nothing(): string;
  workerRemoved(name: string): string;
  workerLeaving(name: string, tasks: number): string;
  announced(name: string, state: string, seconds: number): string;
  announceFailed(message: string): string;
  announcementSent(place: string): string;
  advice(advice: Advice): string;
  verifying(what: string): string;
  /** Why a worker does not take a waiting task. */
  refusal(reason: RefusalReason, missing: string): string;
  couldTake(): string;
  modelsLoaded(): string;
  overtaken(times: number, limit: number, seconds: number): string;
  placed(worker: string, strategy: string, ground: string): string;
  othersOut(counts: string): string;
}

const TEXTS: Record<Language, CliTexts> = { en: EN, 'zh-CN': ZH_CN, 'zh-TW': ZH_TW };

/** The lines in one language. */
export function chooseTexts(language: Language): CliTexts {
  return TEXTS[language];
}
