import { cropFrame, type Frame, scaleFrame } from '../images/frame.ts';
import { saveFrames } from './image-files.ts';
import { type NodeDefinition, NodeFailure, type NodeRun } from './node-run.ts';
import { expectKind } from './values.ts';

const MAX_IMAGES = 50;

/** All linked pictures, scaled to the size of the first. */
const runBatchImages: NodeRun = (context) => {
  const names = Array.from({ length: MAX_IMAGES }, (_, index) => `images.image${index}`);
  const given = names.map((name) => context.input(name)).filter((value) => value !== undefined);
  const frames = given.flatMap((value) => expectKind(value, 'image').frames);
  const [first] = frames;
  const fit = (frame: Frame) =>
    first === undefined || (frame.width === first.width && frame.height === first.height)
      ? frame
      : scaleFrame(frame, first.width, first.height);
  return { outputs: [{ kind: 'image', frames: frames.map(fit) }] };
};

/** Width and height after one mode of ResizeImageMaskNode; modes that need another picture keep the size. */
function targetSize(frame: Frame, way: string, number: (name: string) => number): [number, number] {
  const read = (name: string) => number(`resize_type.${name}`);
  const { width, height } = frame;
  const by = (factor: number): [number, number] => [Math.round(width * factor), Math.round(height * factor)];
  switch (way) {
    case 'scale dimensions':
      return [read('width'), read('height')];
    case 'scale by multiplier':
      return by(read('multiplier'));
    case 'scale longer dimension':
      return by(read('longer_size') / Math.max(width, height));
    case 'scale shorter dimension':
      return by(read('shorter_size') / Math.min(width, height));
    case 'scale width':
      return [read('width'), 0];
    case 'scale height':
      return [0, read('height')];
    case 'scale total pixels':
      return by(Math.sqrt((read('megapixels') * 1024 * 1024) / (width * height)));
    default:
      return [width, height];
  }
}

const runResize: NodeRun = (context) => {
  const value = context.input('input');
  const isMask = typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'mask';
  const { frames } = isMask ? expectKind(value, 'mask') : expectKind(value, 'image');
  const way = context.text('resize_type');
  const resized = frames.map((frame) => {
    const [width, height] = targetSize(frame, way, (name) => context.number(name, 0));
    return width === 0 && height === 0 ? frame : scaleFrame(frame, width, height);
  });
  return { outputs: [{ kind: isMask ? 'mask' : 'image', frames: resized }] };
};

/** Shows the cropped picture, although it is not an output node. */
const runCrop: NodeRun = (context) => {
  const { frames } = expectKind(context.input('image'), 'image');
  const region = context.input('crop_region');
  if (!(region instanceof Map)) throw new NodeFailure('TypeError', 'crop_region must be a dict');
  const read = (name: string) => {
    const value: unknown = region.get(name);
    return typeof value === 'number' ? value : 0;
  };
  const size = { x: read('x'), y: read('y'), width: read('width'), height: read('height') };
  const cut = frames.map((frame) => cropFrame(frame, size));
  const images = saveFrames(context, 'temp', {
    prefix: `ComfyUI_temp_${context.temporarySuffix()}`,
    frames: cut,
  });
  return { outputs: [{ kind: 'image', frames: cut }], ui: { images, animated: [false] } };
};

/** Classes of 0.33 with autogrow or dynamic inputs, and one with an intermediate output. */
export const GROWING_NODES: Readonly<Record<string, NodeDefinition>> = {
  BatchImagesNode: { run: runBatchImages },
  ResizeImageMaskNode: { run: runResize },
  ImageCropV2: { run: runCrop },
};
