import type { Frame } from '../images/frame.ts';
import type { Recipe } from '../images/simulated-picture.ts';
import type { SimulatedModel } from '../models/model-memory.ts';
import { NodeFailure } from './node-run.ts';

/** Values of links by ComfyUI type. Anything else is a plain JSON value. */
export type LinkValue =
  | { readonly kind: 'image'; readonly frames: readonly Frame[] }
  | { readonly kind: 'mask'; readonly frames: readonly Frame[] }
  | { readonly kind: 'latent'; readonly latent: Latent }
  | { readonly kind: 'model'; readonly model: SimulatedModel }
  | { readonly kind: 'clip'; readonly model: SimulatedModel }
  | { readonly kind: 'clip_vision'; readonly model: SimulatedModel }
  | { readonly kind: 'vae'; readonly model: SimulatedModel }
  | { readonly kind: 'conditioning'; readonly text: string }
  | { readonly kind: 'video'; readonly frames: readonly Frame[]; readonly framesPerSecond: number }
  | { readonly kind: 'mesh'; readonly bytes: Buffer; readonly extension: string }
  | { readonly kind: 'audio'; readonly name: string };

/** A latent: its size in pixels, and what a decoder should draw. */
export interface Latent {
  readonly width: number;
  readonly height: number;
  readonly batchSize: number;
  readonly recipe?: Recipe;
  readonly frames?: readonly Frame[];
}

type Kind = LinkValue['kind'];

/** Narrows a node's input to one kind of link value; anything else fails the node as in Python. */
export function expectKind<K extends Kind>(value: unknown, kind: K): Extract<LinkValue, { kind: K }> {
  if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind) {
    return value as Extract<LinkValue, { kind: K }>;
  }
  throw new NodeFailure('AttributeError', `expected a ${kind.toUpperCase()} value`);
}
