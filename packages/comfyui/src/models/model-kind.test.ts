import { describe, expect, it } from 'vitest';
import { detectKindByHeader, detectKindByName, isDistilledName } from './model-kind.ts';

const UNET = 'model.diffusion_model.';
const ATTENTION = 'transformer_blocks.0.attn2.to_k.weight';

function unet(channels: number, inputs: number, context: number) {
  return new Map([
    [`${UNET}input_blocks.0.0.weight`, [channels, inputs, 3, 3]],
    [`${UNET}input_blocks.4.1.${ATTENTION}`, [640, context]],
  ]);
}

describe('detectKindByHeader', () => {
  it.each([
    ['sd1', unet(320, 4, 768)],
    ['sd1_inpaint', unet(320, 9, 768)],
    ['sd2', unet(320, 4, 1024)],
    ['sdxl', unet(320, 4, 2048)],
    ['sdxl_inpaint', unet(320, 9, 2048)],
    ['sdxl_refiner', unet(384, 4, 1280)],
    ['svd', new Map([...unet(320, 8, 1024), [`${UNET}input_blocks.1.1.time_stack.0.norm_in.weight`, [320]]])],
    ['flux', new Map([['double_blocks.0.img_attn.norm.key_norm.scale', [128]]])],
    ['sd3', new Map([[`${UNET}joint_blocks.0.context_block.attn.qkv.weight`, [4608, 1536]]])],
    ['other', unet(320, 8, 768)],
    ['other', new Map([[`${UNET}transformer.layers.0.weight`, [1, 1]]])],
  ])('tells %s by the shapes of its tensors, whatever it is called', (kind, shapes) => {
    expect(detectKindByHeader({ metadata: {}, shapes }, 'sdxl_refiner.safetensors')).toBe(kind);
  });

  it.each([
    ['stable-diffusion-v1', 'a.safetensors', 'sd1'],
    ['stable-diffusion-v1/inpainting', 'a.safetensors', 'sd1_inpaint'],
    ['stable-diffusion-v1', 'a-inpaint.safetensors', 'sd1_inpaint'],
    ['stable-diffusion-v2-768-v', 'a.safetensors', 'sd2'],
    ['stable-diffusion-xl-v1-base', 'a.safetensors', 'sdxl'],
    ['stable-diffusion-xl-v1-refiner', 'a.safetensors', 'sdxl_refiner'],
    ['stable-diffusion-xl-v1-base/lora', 'a.safetensors', 'other'],
    ['stable-video-diffusion-img2vid-v1', 'a.safetensors', 'svd'],
    ['Flux.1-dev', 'a.safetensors', 'flux'],
    ['something-new', 'a.safetensors', 'other'],
  ])('reads the architecture %s of %s as %s', (architecture, name, kind) => {
    const metadata = { 'modelspec.architecture': architecture };
    expect(detectKindByHeader({ metadata, shapes: null }, name)).toBe(kind);
  });

  it('reads what kohya wrote, and says nothing where nothing is said', () => {
    const kohya = { ss_base_model_version: 'sdxl_base_v1-0' };
    expect(detectKindByHeader({ metadata: kohya, shapes: null }, 'a.safetensors')).toBe('sdxl');
    expect(detectKindByHeader({ metadata: { format: 'pt' }, shapes: new Map() }, 'a.safetensors')).toBeNull();
  });
});

describe('detectKindByName', () => {
  it.each([
    ['v1-5-pruned-emaonly-fp16.safetensors', 'sd1'],
    ['SD1.5/dreamshaper.safetensors', 'sd1'],
    ['stable_diffusion_v1.ckpt', 'sd1'],
    ['sd-v1-5-inpainting.ckpt', 'sd1_inpaint'],
    ['v2-1_768-ema-pruned.safetensors', 'sd2'],
    ['512-inpainting-ema.safetensors', 'sd2_inpaint'],
    ['sd_xl_base_1.0.safetensors', 'sdxl'],
    ['sd_xl_refiner_1.0.safetensors', 'sdxl_refiner'],
    ['juggernautXL_v9.safetensors', 'sdxl'],
    ['SDXL\\ponyDiffusionV6XL.safetensors', 'sdxl'],
    ['sd3.5_medium.safetensors', 'sd3'],
    ['svd_xt.safetensors', 'svd'],
    ['flux1-schnell-fp8.safetensors', 'flux'],
    ['ltx-video-2b-v0.9.safetensors', 'other'],
    ['random-a.safetensors', null],
    ['pixlart_v15.safetensors', null],
    ['realisticVision_v20.safetensors', null],
    ['model_v1.safetensors', null],
  ])('tells %s as %s', (name, kind) => {
    expect(detectKindByName(name)).toBe(kind);
  });
});

it('knows names of models that want few steps', () => {
  expect(['sd_xl_turbo_1.0.safetensors', 'sd_xl_base_1.0.safetensors'].map(isDistilledName)).toEqual([
    true,
    false,
  ]);
});
