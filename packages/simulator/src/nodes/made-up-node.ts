import { simulatedFrame } from '../images/simulated-picture.ts';
import type { SimulatedModel } from '../models/model-memory.ts';
import type { InputSpec } from './node-class.ts';
import type { NodeContext, NodeDefinition } from './node-run.ts';

const SIDE = 64;

/**
 * Code for a class of which only the declaration is known: passes a linked input to the first output of its type, makes up other
 * outputs, loads a model that an input names, and shows nothing.
 */
export function makeUpNode(inputs: readonly InputSpec[], outputTypes: readonly string[]): NodeDefinition {
  return {
    async run(context) {
      const named = inputs
        .map(({ name }) => context.input(name))
        .flatMap((value) => (typeof value === 'string' ? (context.findModel(value) ?? []) : []));
      for (const model of named) await context.loadModel(model);
      return {
        outputs: outputTypes.map((type) => passOn(context, inputs, type) ?? makeUp(context, type, named[0])),
      };
    },
  };
}

function passOn(context: NodeContext, inputs: readonly InputSpec[], type: string): unknown {
  const source = inputs.find((input) => input.type === type && context.input(input.name) !== undefined);
  return source === undefined ? undefined : context.input(source.name);
}

function makeUp(context: NodeContext, type: string, model: SimulatedModel | undefined): unknown {
  const text = context.classType;
  const frames = [simulatedFrame(SIDE, SIDE, { text, seed: '0', steps: 0 })];
  switch (type) {
    case 'IMAGE':
    case 'MASK':
      return { kind: type.toLowerCase(), frames };
    case 'VIDEO':
      return { kind: 'video', frames, framesPerSecond: 8 };
    case 'AUDIO':
      return { kind: 'audio', name: text };
    case 'LATENT':
      return { kind: 'latent', latent: { width: SIDE, height: SIDE, batchSize: 1, frames } };
    case 'MODEL':
    case 'CLIP':
    case 'VAE':
    case 'CLIP_VISION':
      return { kind: type.toLowerCase(), model: model ?? { name: text, loadMs: 0, vramMegabytes: 0 } };
    case 'CONDITIONING':
      return { kind: 'conditioning', text };
    case 'STRING':
      return text;
    case 'INT':
    case 'FLOAT':
      return 0;
    case 'BOOLEAN':
      return false;
    default:
      return { kind: type.toLowerCase() };
  }
}
