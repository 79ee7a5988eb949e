import type { Member, Project } from '@comfleet/contract';
import { findNamed } from '../connection/find-named.ts';
import { findProject } from '../connection/find-project.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import { pickOne } from '../parameters/pick-one.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

/** `comfleet projects list`: newest first. */
export async function listProjects(context: CommandContext, flags: { readonly all?: true }): Promise<number> {
  const comfleet = await context.connect();
  const projects = await comfleet.projects.list({ ...flags, signal: context.terminal.signal });
  context.show({ projects }, () =>
    projects.length === 0 ? [context.texts.say('cli.nothing')] : formatProjects(projects, context.texts),
  );
  return EXIT.ok;
}

/** `comfleet projects create`. */
export async function createProject(
  context: CommandContext,
  name: string,
  flags: { readonly description?: string },
): Promise<number> {
  const comfleet = await context.connect();
  const project = await comfleet.projects.create({ name, ...flags }, { signal: context.terminal.signal });
  context.show(project, () => formatProjects([project], context.texts));
  return EXIT.ok;
}

/** `comfleet projects show`: the project and its members. */
export async function showProject(context: CommandContext, idOrName: string): Promise<number> {
  const { signal } = context.terminal;
  const comfleet = await context.connect();
  const project = await findProject(comfleet, idOrName, signal);
  const members = await comfleet.projects.members(project.project_id, { signal });
  const { description } = project;
  context.show({ ...project, members }, () => [
    ...formatProjects([project], context.texts),
    ...(description === null ? [] : [toPlainText(description)]),
    '',
    ...formatMembers(members, context.texts),
  ]);
  return EXIT.ok;
}

/** `comfleet projects rename`. */
export async function renameProject(
  context: CommandContext,
  idOrName: string,
  name: string,
): Promise<number> {
  const { signal } = context.terminal;
  const comfleet = await context.connect();
  const { project_id: id } = await findProject(comfleet, idOrName, signal);
  const project = await comfleet.projects.change(id, { name }, { signal });
  context.show(project, () => formatProjects([project], context.texts));
  return EXIT.ok;
}

/** `comfleet projects delete`: tasks and files remain with their owners. */
export async function deleteProject(context: CommandContext, idOrName: string): Promise<number> {
  const { signal } = context.terminal;
  const comfleet = await context.connect();
  const project = await findProject(comfleet, idOrName, signal);
  await comfleet.projects.remove(project.project_id, { signal });
  context.show(project, () => [
    context.texts.say('cli.project_deleted', { name: toPlainText(project.name) }),
  ]);
  return EXIT.ok;
}

/** `comfleet projects add`: makes somebody a member, or changes the role of a member. */
export async function addMember(
  context: CommandContext,
  [idOrName, member]: readonly [project: string, member: string],
  flags: { readonly role: string },
): Promise<number> {
  const role = pickOne('--role', flags.role, ['editor', 'viewer'] as const);
  const { signal } = context.terminal;
  const comfleet = await context.connect();
  const { project_id: id } = await findProject(comfleet, idOrName, signal);
  const added = await comfleet.projects.setMember(id, { member, role }, { signal });
  context.show(added, () => formatMembers([added], context.texts));
  return EXIT.ok;
}

/** `comfleet projects remove`: ends a membership. */
export async function removeMember(
  context: CommandContext,
  idOrName: string,
  member: string,
): Promise<number> {
  const { signal } = context.terminal;
  const comfleet = await context.connect();
  const project = await findProject(comfleet, idOrName, signal);
  const { project_id: id } = project;
  const removed = findNamed(await comfleet.projects.members(id, { signal }), member, {
    what: 'member',
    code: 'MEMBER_NOT_FOUND',
    read: (one) => ({ id: one.principal_id, name: one.name }),
  });
  await comfleet.projects.removeMember(id, removed.principal_id, { signal });
  const names = { name: toPlainText(removed.name), project: toPlainText(project.name) };
  context.show(removed, () => [context.texts.say('cli.member_removed', names)]);
  return EXIT.ok;
}

/** `comfleet projects leave`: ends the caller's own membership. */
export async function leaveProject(context: CommandContext, idOrName: string): Promise<number> {
  const { signal } = context.terminal;
  const comfleet = await context.connect();
  const project = await findProject(comfleet, idOrName, signal);
  const { principal_id: me } = await comfleet.auth.me({ signal });
  await comfleet.projects.removeMember(project.project_id, me, { signal });
  context.show(project, () => [context.texts.say('cli.project_left', { name: toPlainText(project.name) })]);
  return EXIT.ok;
}

function formatProjects(projects: readonly Project[], texts: CliTexts): string[] {
  return formatTable(
    texts.heads('project', 'name', 'role', 'owner', 'created'),
    projects.map((project) => [
      project.project_id,
      toPlainText(project.name),
      project.role ?? '-',
      toPlainText(project.owner_name),
      project.created_at,
    ]),
  );
}

function formatMembers(members: readonly Member[], texts: CliTexts): string[] {
  return formatTable(
    texts.heads('member', 'kind', 'name', 'role', 'added'),
    members.map((member) => [
      member.principal_id,
      texts.name('principal', member.kind),
      toPlainText(member.name),
      member.role,
      member.added_at,
    ]),
  );
}
