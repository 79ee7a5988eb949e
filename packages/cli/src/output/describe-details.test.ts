import { describe, expect, it } from 'vitest';
import { describeDetails } from './describe-details.ts';

describe('describeDetails', () => {
  it('names each wrong field and node input on a line of its own', () => {
    const details = {
      problems: [
        { path: 'priority', message: 'too large' },
        { parameter: 'width', message: 'unknown' },
        'odd',
      ],
      node_errors: {
        '4': {
          errors: [
            { message: 'not in list', input_name: 'ckpt_name' },
            { message: 'failed', details: 'no file' },
            { type: 'x' },
          ],
        },
      },
      limit: 3,
      warnings: [],
    };

    expect(describeDetails(details)).toEqual([
      'priority: too large',
      'width: unknown',
      '"odd"',
      'node 4.ckpt_name: not in list',
      'node 4: failed: no file',
      'node 4: {"type":"x"}',
      '{"limit":3}',
    ]);
  });

  it('has nothing to say about nothing', () => {
    expect(describeDetails(null)).toEqual([]);
  });
});
