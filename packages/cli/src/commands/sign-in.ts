import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

/** `comfleet sign-in`: a fresh link for a browser, for each address of the server. Needs the local credential or an admin's. */
export async function printSignInLink(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const made = await comfleet.auth.createSignInLink({ signal: context.terminal.signal });
  const { say } = context.texts;
  context.show(made, () => {
    const [link = '', ...others] = made.links;
    return [
      say('cli.sign_in', { link }),
      ...others.map((other) => say('cli.sign_in_elsewhere', { link: other })),
    ];
  });
  return EXIT.ok;
}
