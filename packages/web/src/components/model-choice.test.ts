import type { Parameter, Workflow } from '@comfleet/contract';
import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeServer } from '../testing/fake-server.ts';
import { createPages } from '../testing/mount-page.ts';
import { sampleParameter, sampleWorkflow } from '../testing/samples.ts';
import { readButton, user } from '../testing/user.ts';

let server: FakeServer;
const { begin, openPage, end } = createPages();
beforeEach(() => {
  server = begin();
});
afterEach(end);

describe('a workflow whose model is to be chosen', () => {
  const checkpoint = (fields: Partial<Parameter>) =>
    sampleParameter({
      name: 'checkpoint',
      label: { en: 'Checkpoint', zh: '底模' },
      data_type: 'string',
      options: ['a.ckpt', 'b.ckpt'],
      names_model: true,
      min: null,
      max: null,
      ...fields,
    });
  const withCheckpoint = (fields: Partial<Parameter>, workflow: Partial<Workflow> = {}) => {
    const sample = sampleWorkflow(workflow);
    return { ...sample, parameters: [...sample.parameters, checkpoint(fields)] };
  };

  test('TD13 stands in the open with what is used, and is sent', async () => {
    server.workflows = [withCheckpoint({ default_value: 'b.ckpt' })];
    const page = await openPage();
    expect(page.get('[data-control="choice"]').text()).toContain('b.ckpt');
    await user.writes('Prompt', 'a boat');
    await user.presses('Generate');
    expect(server.submitted[0]?.parameters).toMatchObject({ checkpoint: 'b.ckpt' });
  });

  test('TD13 says of a file that only a worker that is away has it', async () => {
    server.workflows = [withCheckpoint({ default_value: 'b.ckpt', options_away: ['b.ckpt'] })];
    const page = await openPage();
    expect(page.get('[data-control="choice"]').text()).toContain('b.ckpt (its worker is away)');
  });

  test('TD13 is asked for where nothing stands in, and what is chosen decides whether it can run', async () => {
    const missing = ['gone.ckpt'];
    const fields = { default_value: null, required: true };
    server.workflows = [withCheckpoint(fields, { available: false, missing })];
    server.missingWith = ({ checkpoint: chosen }) => (chosen === 'a.ckpt' ? [] : ['b.ckpt']);
    const page = await openPage();
    await user.writes('Prompt', 'a boat');
    expect(readButton('Generate').why).toBe('Checkpoint: needs a value');

    const field = page.getComponent({ name: 'ParameterField' });
    field.vm.$emit('change', 'b.ckpt');
    await flushPromises();
    expect(readButton('Generate').why).toBe('No worker can run this workflow now');
    expect(page.get('.picker .reason').text()).toContain('b.ckpt');

    field.vm.$emit('change', 'a.ckpt');
    await flushPromises();
    expect(readButton('Generate').enabled).toBe(true);
    expect(page.find('.picker .reason').exists()).toBe(false);
    expect(server.judged).toEqual([{ checkpoint: 'b.ckpt' }, { checkpoint: 'a.ckpt' }]);
  });

  test('one that is gone gives way to what stands in now', async () => {
    server.workflows = [withCheckpoint({ default_value: 'a.ckpt' })];
    const page = await openPage();
    server.workflows = [withCheckpoint({ default_value: 'b.ckpt', options: ['b.ckpt'] })];
    server.live?.state('lost');
    await flushPromises();
    server.live?.state('live');
    await flushPromises();
    expect(page.get('[data-control="choice"]').text()).toContain('b.ckpt');
  });
});
