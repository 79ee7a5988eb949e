import { fileURLToPath } from 'node:url';

const EXAMPLES = fileURLToPath(new URL('../../../../examples/workflows/', import.meta.url));

/** Two of the included workflows with the parameters that tests need, as a `task_types` block. */
export const TEST_WORKFLOWS = {
  text_to_image: {
    enabled: true,
    default_workflow: 'basic',
    workflows: {
      basic: {
        name: 'Basic',
        version: '1.0',
        workflow_file: `${EXAMPLES}text_to_image/sd_basic.json`,
        description: 'A picture from a text.',
        parameter_mapping: {
          prompt: { node_id: '6', input_name: 'text', data_type: 'string', required: true },
          seed: { node_id: '3', input_name: 'seed', data_type: 'seed' },
          checkpoint: { node_id: '4', input_name: 'ckpt_name', data_type: 'string', model_kind: 'sd1' },
          steps: { node_id: '3', input_name: 'steps', data_type: 'int', default_value: 2 },
        },
      },
    },
  },
  custom: {
    enabled: true,
    default_workflow: 'invert',
    workflows: {
      invert: {
        name: 'Invert',
        version: '1.0',
        workflow_file: `${EXAMPLES}custom/invert_image.json`,
        description: 'The negative of a picture.',
        parameter_mapping: {
          image: { node_id: '1', input_name: 'image', data_type: 'image', required: true },
        },
      },
    },
  },
};

/** The model of the first one, small enough for tests. */
export const TEST_MODEL = { name: 'v1-5-pruned-emaonly-fp16.safetensors', loadMs: 5, vramMegabytes: 100 };
