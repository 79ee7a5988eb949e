import type { Command } from 'commander';
import type { TestFlags } from '../commands/policies.ts';
import type { ProgramParts } from './program-parts.ts';

/** policies list, policies test. */
export function addPolicyCommands(program: Command, { run, say }: ProgramParts): void {
  const policies = program.command('policies').description(say('help.policies'));
  policies
    .command('list')
    .description(say('help.policies.list'))
    .action(async (_flags: object, command: Command) => {
      await run(command, async (context) => (await import('../commands/policies.ts')).listPolicies(context));
    });
  policies
    .command('test <file>')
    .description(say('help.policies.test'))
    .option('--role <role>', say('flag.policy_role'))
    .option('--client <name>', say('flag.policy_client'))
    .option('--project <project>', say('flag.policy_project'))
    .option('--workflow <name>', say('flag.policy_workflow'))
    .action(async (file: string, flags: TestFlags, command: Command) => {
      await run(command, async (context) =>
        (await import('../commands/policies.ts')).testPolicies(context, file, flags),
      );
    });
}
