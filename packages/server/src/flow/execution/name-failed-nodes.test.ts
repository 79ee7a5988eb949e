import type { Graph } from '@comfleet/comfyui';
import { expect, test } from 'vitest';
import { recordError } from '../../platform/errors/app-error.ts';
import { nameFailedNodes } from './name-failed-nodes.ts';

const GRAPH: Graph = {
  '1': { class_type: 'EmptyImage', inputs: {}, _meta: { title: 'EmptyImage' } },
  '2': { class_type: 'Boom', inputs: {}, _meta: { title: 'My node' } },
  '3': { class_type: 'SaveImage', inputs: {} },
};

test('TD11 the node that raised gets the title that the graph has for it, and keeps what the worker said', () => {
  const error = recordError('NODE_EXECUTION_ERROR', { node_id: '2', class_type: 'BoomV2', message: 'no' });
  expect(nameFailedNodes(GRAPH, error).details).toEqual({
    node_id: '2',
    class_type: 'BoomV2',
    title: 'My node',
    message: 'no',
  });
});

test('TD11 so does each node of a refusal; a title that is the class says nothing', () => {
  const errors = [{ message: 'Value not in list' }];
  const error = recordError('PROMPT_REFUSED', {
    status: 400,
    node_errors: { '1': { errors }, '2': { errors, class_type: 'Boom' }, '9': { errors }, '3': 'odd' },
  });
  expect(nameFailedNodes(GRAPH, error).details).toEqual({
    status: 400,
    node_errors: {
      '1': { errors, class_type: 'EmptyImage' },
      '2': { errors, class_type: 'Boom', title: 'My node' },
      '9': { errors },
      '3': 'odd',
    },
  });
});

test('an error that names no node stays as it is', () => {
  const lost = recordError('HISTORY_INCOMPLETE', { reason: 'absent', node_id: null });
  expect(nameFailedNodes(GRAPH, lost)).toEqual(lost);
  const bare = recordError('CANCELED');
  expect(nameFailedNodes(GRAPH, bare)).toBe(bare);
});
