import type { Cases } from './stage.ts';

/** What is said of a task that is there. */
export const taskCases: Cases = {
  'POST /api/fleet/tasks/{id}/decide': {
    'body.decision': async (stage) => {
      const { task_id: id } = await stage.run('/api/v2/tasks/text-to-image', {});
      const decide = `POST /api/fleet/tasks/${id}/decide`;
      // Only a task that waits for a decision takes one.
      await stage.refuses(decide, { status: 409, names: 'CONFLICT', body: { decision: 'give_up' } });
      await stage.refuses(decide, { status: 400, names: '"path":"decision"', body: { decision: 'maybe' } });
    },
  },
};
