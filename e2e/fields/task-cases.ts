import type { Cases } from './stage.ts';

/** Requests about an existing task. */
export const taskCases: Cases = {
  'POST /api/fleet/tasks/{id}/decide': {
    'body.decision': async (stage) => {
      const { task_id: id } = await stage.run('/api/v2/tasks/text-to-image', {});
      const decide = `POST /api/fleet/tasks/${id}/decide`;
      // Only a task that waits for a decision accepts one.
      await stage.refuses(decide, { status: 409, names: 'CONFLICT', body: { decision: 'give_up' } });
      await stage.refuses(decide, { status: 400, names: '"path":"decision"', body: { decision: 'maybe' } });
    },
  },
};
