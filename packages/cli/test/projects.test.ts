import type { Member, Project, TaskPage } from '@comfleet/contract';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, useFleet } from './use-fleet.ts';

const fleet = useFleet();
const json = async <T>(...args: string[]): Promise<T> => parse<T>((await fleet.run(...args, '--json')).out);

/** Adds a user and returns a token of hers. */
async function addUser(name: string): Promise<string> {
  const { password } = await json<{ password: string }>('users', 'add', name);
  const answer = await fetch(`${fleet.credential.url}/api/v2/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: name, password }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

describe('CL12 projects', () => {
  let ada: string;
  beforeAll(async () => {
    ada = await addUser('ada');
  });

  it('creates one, gives it to a user, shows what runs in it, and takes it back', async () => {
    const { project_id: id } = await json<Project>(
      'projects',
      'create',
      'Film',
      '--description',
      'a short one',
    );
    const hers = ['--token', ada];
    expect((await fleet.run('projects', 'show', id, ...hers)).status).toBe(5);

    expect((await fleet.run('projects', 'add', 'Film', 'ada')).out[1]).toContain('viewer');
    const run = ['run', 'solid_color', '--project', 'Film'];
    expect((await fleet.run(...run, ...hers)).status).toBe(4);
    expect((await fleet.run('projects', 'add', 'Film', 'ada', '--role', 'editor')).status).toBe(0);
    expect((await fleet.run(...run, ...hers)).status).toBe(0);

    const tasks = await json<TaskPage>('tasks', 'list', '--project', id.slice(0, 13));
    expect(tasks.tasks.map(({ project_id }) => project_id)).toEqual([id]);
    const shown = await json<Project & { members: Member[] }>('projects', 'show', 'Film');
    expect(shown.description).toBe('a short one');
    expect(shown.members.map(({ name, role }) => [name, role])).toEqual([
      [expect.any(String), 'owner'],
      ['ada', 'editor'],
    ]);

    expect((await fleet.run('projects', 'remove', 'Film', 'ada')).out).toEqual([
      'ada is no longer a member of Film.',
    ]);
    expect((await fleet.run('projects', 'list', ...hers)).out).toEqual(['Nothing to show.']);
  });

  it('runs a batch in it, lists its batches, renames and deletes it; a member leaves', async () => {
    await fleet.run('projects', 'create', 'Game');
    const items = ['--description', 'x', '--images-per-description', '1', '--no-wait'];
    const [batchId = ''] = (await fleet.run('batch', 'sd_basic', ...items, '--project', 'Game')).out;
    const listed = await fleet.run('batches', 'list', '--project', 'Game');
    expect([listed.out.length, listed.out[1]]).toEqual([2, expect.stringContaining(batchId)]);

    expect((await fleet.run('projects', 'rename', 'Game', 'Game 2')).out[1]).toContain('Game 2');
    await fleet.run('projects', 'add', 'Game 2', 'ada');
    expect((await fleet.run('projects', 'leave', 'Game 2', '--token', ada)).out).toEqual([
      'You are no longer a member of Game 2.',
    ]);
    expect((await fleet.run('projects', 'delete', 'Game 2')).out).toEqual([
      'Game 2 has been deleted; its tasks remain with their owners.',
    ]);
    expect((await fleet.run('batches', 'show', batchId)).status).toBe(0);
  });

  it.each([
    ['projects show Flim', 5, '✗ There is no project "Flim". Did you mean "Film"?'],
    ['run solid_color --project nothing', 5, '✗ There is no project "nothing".'],
    ['projects remove Film nobody', 5, '✗ There is no member "nobody".'],
    [
      'projects add Film ada --role edtor',
      2,
      '✗ --role does not accept "edtor". Expected one of editor, viewer. Did you mean "editor"?',
    ],
    ['projects add Film', 2, '✗ The argument <member> is missing. npx comfleet --help shows the commands.'],
  ])('comfleet %s ends with %i', async (line, status, message) => {
    const shown = await fleet.run(...line.split(' '));

    expect([shown.status, shown.err[0]]).toEqual([status, message]);
  });

  it('a name that two projects have is refused with their ids', async () => {
    const ids = [
      (await json<Project>('projects', 'create', 'Twin')).project_id,
      (await json<Project>('projects', 'create', 'Twin')).project_id,
    ];
    const { status, err } = await fleet.run('projects', 'show', 'Twin');

    expect(status).toBe(2);
    expect(err[0]).toBe(
      `✗ More than one project is called "Twin"; give its id: ${ids.reverse().join(', ')}.`,
    );
  });
});
