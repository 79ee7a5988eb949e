import type { Command } from 'commander';
import type { ProgramParts } from './program-parts.ts';

const load = () => import('../commands/projects.ts');

/** projects list, create, show, rename, delete, add, remove, leave. */
export function addProjectCommands(program: Command, { run, say }: ProgramParts): void {
  const projects = program.command('projects').description(say('help.projects'));
  projects
    .command('list')
    .description(say('help.projects.list'))
    .option('--all', say('flag.all_projects'))
    .action(async (flags: { all?: true }, command: Command) => {
      await run(command, async (context) => (await load()).listProjects(context, flags));
    });
  projects
    .command('create <name>')
    .description(say('help.projects.create'))
    .option('--description <text>', say('flag.client_description'))
    .action(async (name: string, flags: { description?: string }, command: Command) => {
      await run(command, async (context) => (await load()).createProject(context, name, flags));
    });
  projects
    .command('rename <project> <name>')
    .description(say('help.projects.rename'))
    .action(async (project: string, name: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await load()).renameProject(context, project, name));
    });
  for (const [name, act] of [
    ['show', 'showProject'],
    ['delete', 'deleteProject'],
    ['leave', 'leaveProject'],
  ] as const) {
    projects
      .command(`${name} <project>`)
      .description(say(`help.projects.${name}`))
      .action(async (project: string, _flags: object, command: Command) => {
        await run(command, async (context) => (await load())[act](context, project));
      });
  }
  addMemberCommands(projects, { run, say });
}

function addMemberCommands(projects: Command, { run, say }: ProgramParts): void {
  projects
    .command('add <project> <member>')
    .description(say('help.projects.add'))
    .option('--role <role>', say('flag.member_role'), 'viewer')
    .action(async (project: string, member: string, flags: { role: string }, command: Command) => {
      await run(command, async (context) => (await load()).addMember(context, [project, member], flags));
    });
  projects
    .command('remove <project> <member>')
    .description(say('help.projects.remove'))
    .action(async (project: string, member: string, _flags: object, command: Command) => {
      await run(command, async (context) => (await load()).removeMember(context, project, member));
    });
}
