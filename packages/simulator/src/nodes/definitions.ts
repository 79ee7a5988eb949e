import { isSince, type VersionProfile } from '../profile.ts';
import { GROWING_NODES } from './growing-nodes.ts';
import { IMAGE_NODES } from './image-nodes.ts';
import { MESH_NODES } from './mesh-nodes.ts';
import type { NodeDefinition } from './node-run.ts';
import { OTHER_NODES } from './other-nodes.ts';
import { SAMPLING_NODES } from './sampling-nodes.ts';
import { SAVE_NODES } from './save-nodes.ts';
import { SAVE_NODES_033 } from './save-nodes-033.ts';

const SHARED: Readonly<Record<string, NodeDefinition>> = {
  ...IMAGE_NODES,
  ...SAMPLING_NODES,
  ...SAVE_NODES,
  ...OTHER_NODES,
};
const SINCE_033 = { ...SHARED, ...GROWING_NODES, ...SAVE_NODES_033, ...MESH_NODES };

/** The code of every class that a server of this profile can have. */
export function definitionsOf(version: VersionProfile): Readonly<Record<string, NodeDefinition>> {
  return isSince(version, '0.33') ? SINCE_033 : SHARED;
}
