import { isSince, type VersionProfile } from '../profile.ts';

const FOLDERS = [
  ...[
    'checkpoints',
    'configs',
    'loras',
    'vae',
    'text_encoders',
    'diffusion_models',
    'clip_vision',
    'style_models',
  ],
  ...['embeddings', 'diffusers', 'vae_approx', 'controlnet', 'gligen', 'upscale_models', 'custom_nodes'],
  ...['hypernetworks', 'photomaker', 'classifiers', 'model_patches', 'audio_encoders'],
];
const FOLDERS_033 = [
  ...[
    'checkpoints',
    'configs',
    'loras',
    'vae',
    'text_encoders',
    'diffusion_models',
    'clip_vision',
    'style_models',
  ],
  ...[
    'embeddings',
    'diffusers',
    'vae_approx',
    'controlnet',
    'gligen',
    'upscale_models',
    'latent_upscale_models',
  ],
  ...[
    'custom_nodes',
    'datasets',
    'hypernetworks',
    'photomaker',
    'classifiers',
    'model_patches',
    'audio_encoders',
  ],
  ...['background_removal', 'frame_interpolation', 'geometry_estimation', 'optical_flow', 'detection'],
];

/** Keys of GET /models, in a real server's order. */
export function listModelFolders(version: VersionProfile): readonly string[] {
  return isSince(version, '0.33') ? FOLDERS_033 : FOLDERS;
}
