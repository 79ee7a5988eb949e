import { expect, test } from 'vitest';
import { invalidWorkflow } from './invalid-workflow.ts';

test.each(['constructor', 'toString', '4'])('a faulty node called %s is named like any other', (nodeId) => {
  const problem = { nodeId, inputName: null, type: 'missing_node_type', message: 'unknown class' };
  expect(invalidWorkflow([problem, problem]).details).toEqual({
    node_errors: {
      [nodeId]: {
        errors: [
          { type: 'missing_node_type', message: 'unknown class', input_name: null },
          { type: 'missing_node_type', message: 'unknown class', input_name: null },
        ],
      },
    },
  });
});
