import { isSince, type VersionProfile } from '../profile.ts';

const FIRST = [
  'checkpoints',
  'configs',
  'loras',
  'vae',
  'text_encoders',
  'diffusion_models',
  'clip_vision',
  'style_models',
  'embeddings',
  'diffusers',
  'vae_approx',
  'controlnet',
  'gligen',
  'upscale_models',
];
const LAST = ['hypernetworks', 'photomaker', 'classifiers', 'model_patches', 'audio_encoders'];
const FOLDERS = [...FIRST, 'custom_nodes', ...LAST];
const FOLDERS_033 = [
  ...FIRST,
  ...['latent_upscale_models', 'custom_nodes', 'datasets'],
  ...LAST,
  ...['background_removal', 'frame_interpolation', 'geometry_estimation', 'optical_flow', 'detection'],
];

/** Keys of GET /models, in a real server's order. */
export function listModelFolders(version: VersionProfile): readonly string[] {
  return isSince(version, '0.33') ? FOLDERS_033 : FOLDERS;
}
