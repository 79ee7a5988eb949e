import { type Frame, scaleFrame } from '../images/frame.ts';
import { simulatedFrame } from '../images/simulated-picture.ts';
import { ExactNumber } from '../json/lossless-json.ts';
import { PREVIEW_JPEGS } from '../media.ts';
import {
  type NodeContext,
  type NodeDefinition,
  NodeFailure,
  type NodeResult,
  type NodeRun,
} from './node-run.ts';
import { expectKind, type Latent } from './values.ts';

async function loadCheckpoint(
  context: NodeContext,
  toOutputs: (name: string) => NodeResult,
): Promise<NodeResult> {
  const name = context.text('ckpt_name');
  const model = context.findModel(name);
  if (model === undefined)
    throw new NodeFailure(
      'FileNotFoundError',
      `Model in folder 'checkpoints' with filename '${name}' not found.`,
    );
  await context.loadModel(model);
  return toOutputs(name);
}

const runCheckpointLoader: NodeRun = (context) =>
  loadCheckpoint(context, (name) => {
    const model = context.findModel(name);
    return {
      outputs: [
        { kind: 'model', model },
        { kind: 'clip', model },
        { kind: 'vae', model },
      ],
    };
  });

const runImageOnlyLoader: NodeRun = (context) =>
  loadCheckpoint(context, (name) => {
    const model = context.findModel(name);
    return {
      outputs: [
        { kind: 'model', model },
        { kind: 'clip_vision', model },
        { kind: 'vae', model },
      ],
    };
  });

const runTextEncode: NodeRun = (context) => {
  expectKind(context.input('clip'), 'clip');
  return { outputs: [{ kind: 'conditioning', text: context.text('text') }] };
};

const runEmptyLatent: NodeRun = (context) => ({
  outputs: [
    {
      kind: 'latent',
      latent: {
        width: context.number('width'),
        height: context.number('height'),
        batchSize: context.number('batch_size', 1),
      },
    },
  ],
});

const runLatentUpscale: NodeRun = (context) => {
  const { latent } = expectKind(context.input('samples'), 'latent');
  const width = context.number('width') || latent.width;
  const height = context.number('height') || latent.height;
  return { outputs: [{ kind: 'latent', latent: { ...latent, width, height } }] };
};

const runVaeEncode: NodeRun = (context) => {
  const { frames } = expectKind(context.input('pixels'), 'image');
  const [first] = frames;
  const size = { width: first?.width ?? 64, height: first?.height ?? 64 };
  return { outputs: [{ kind: 'latent', latent: { ...size, batchSize: frames.length, frames } }] };
};

const runVaeDecode: NodeRun = (context) => {
  const { latent } = expectKind(context.input('samples'), 'latent');
  expectKind(context.input('vae'), 'vae');
  return { outputs: [{ kind: 'image', frames: decodeLatent(latent) }] };
};

function decodeLatent(latent: Latent): readonly Frame[] {
  const { width, height, recipe } = latent;
  if (recipe !== undefined) {
    return Array.from({ length: latent.batchSize }, (_, index) =>
      simulatedFrame(width, height, index === 0 ? recipe : { ...recipe, seed: `${recipe.seed}+${index}` }),
    );
  }
  if (latent.frames !== undefined) return latent.frames.map((frame) => scaleFrame(frame, width, height));
  const empty = simulatedFrame(width, height, { text: '', seed: '0', steps: 0 });
  return Array.from({ length: latent.batchSize }, () => empty);
}

interface SamplingPlan {
  readonly seedInput: string;
  readonly firstStep: number;
  readonly lastStep: number;
}

async function sample(context: NodeContext, plan: SamplingPlan): Promise<NodeResult> {
  const { model } = expectKind(context.input('model'), 'model');
  const positive = expectKind(context.input('positive'), 'conditioning').text;
  const negative = expectKind(context.input('negative'), 'conditioning').text;
  const { latent } = expectKind(context.input('latent_image'), 'latent');
  await context.loadModel(model);
  const count = Math.max(0, plan.lastStep - plan.firstStep);
  for (let step = 1; step <= count; step += 1) {
    await context.wait(context.stepMs);
    const picture = PREVIEW_JPEGS[Math.floor(((step - 1) * PREVIEW_JPEGS.length) / count)];
    const image =
      context.previews && picture !== undefined ? { type: 'jpeg' as const, bytes: picture } : undefined;
    context.progress(step, count, image);
  }
  const text = [
    model.name,
    positive,
    negative,
    String(context.input('sampler_name')),
    String(context.input('scheduler')),
  ];
  const recipe = { text: text.join('\n'), seed: writeSeed(context.input(plan.seedInput)), steps: count };
  return { outputs: [{ kind: 'latent', latent: { ...latent, recipe } }] };
}

function writeSeed(seed: unknown): string {
  return seed instanceof ExactNumber ? seed.text : String(seed);
}

const runKSampler: NodeRun = (context) => {
  const steps = context.number('steps');
  const denoise = context.number('denoise', 1);
  return sample(context, { seedInput: 'seed', firstStep: 0, lastStep: denoise > 0 ? steps : 0 });
};

const runKSamplerAdvanced: NodeRun = (context) => {
  const steps = context.number('steps');
  return sample(context, {
    seedInput: 'noise_seed',
    firstStep: Math.min(context.number('start_at_step', 0), steps),
    lastStep: Math.min(context.number('end_at_step', steps), steps),
  });
};

const runVideoConditioning: NodeRun = (context) => {
  expectKind(context.input('clip_vision'), 'clip_vision');
  const { frames } = expectKind(context.input('init_image'), 'image');
  const key = frames[0]?.key ?? '';
  const latent = {
    width: context.number('width'),
    height: context.number('height'),
    batchSize: context.number('video_frames'),
  };
  const text = `video of ${key} motion ${context.number('motion_bucket_id')}`;
  return {
    outputs: [
      { kind: 'conditioning', text },
      { kind: 'conditioning', text: '' },
      { kind: 'latent', latent },
    ],
  };
};

const runLinearGuidance: NodeRun = (context) => ({ outputs: [context.input('model')] });

/** Models, conditioning, latents and samplers. */
export const SAMPLING_NODES: Readonly<Record<string, NodeDefinition>> = {
  CheckpointLoaderSimple: { run: runCheckpointLoader },
  ImageOnlyCheckpointLoader: { run: runImageOnlyLoader },
  CLIPTextEncode: { run: runTextEncode },
  EmptyLatentImage: { run: runEmptyLatent },
  LatentUpscale: { run: runLatentUpscale },
  VAEEncode: { run: runVaeEncode },
  VAEDecode: { run: runVaeDecode },
  KSampler: { run: runKSampler },
  KSamplerAdvanced: { run: runKSamplerAdvanced },
  SVD_img2vid_Conditioning: { run: runVideoConditioning },
  VideoLinearCFGGuidance: { run: runLinearGuidance },
};
