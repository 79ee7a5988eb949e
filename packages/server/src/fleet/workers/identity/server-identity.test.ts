import { toFleetSentence } from '@comfleet/contract/texts/fleet';
import { describe, expect, it } from 'vitest';
import { compareIdentities, readIdentity } from './server-identity.ts';

function compare(before: string, now: string): string[] {
  const [a, b] = [readIdentity(before.split(' ')), readIdentity(now.split(' '))];
  if (a === null || b === null) throw new Error('both tell their command line');
  return compareIdentities(a, b).map(toFleetSentence);
}

describe('the same server as before', () => {
  it.each([
    ['the same command line', 'main.py --port 8188', 'main.py --port 8188'],
    ['other flags beside it', 'main.py --port 8188', 'main.py --lowvram --port 8188 --preview-method auto'],
    ['the flag written in one', 'main.py --output-directory /a', 'main.py --output-directory=/a'],
    ['the script named from another folder', 'main.py', '/opt/ComfyUI/main.py'],
  ])('%s', (_what, before, now) => {
    expect(compare(before, now)).toEqual([]);
  });
});

describe('another server than before', () => {
  it.each([
    ['main.py --port 8188', 'main.py --port 8189', '--port 8189, before 8188'],
    ['main.py', 'main.py --output-directory /b', '--output-directory /b, before not given'],
    ['main.py --base-directory /a', 'main.py', '--base-directory not given, before /a'],
    ['main.py --user-directory /a', 'main.py --user-directory /b', '--user-directory /b, before /a'],
    ['/opt/a/main.py', '/opt/b/main.py', 'started as /opt/b/main.py, before /opt/a/main.py'],
    ['C:\\a\\main.py', 'other.py', 'started as other.py, before C:\\a\\main.py'],
  ])('%s, then %s', (before, now, difference) => {
    expect(compare(before, now)).toEqual([difference]);
  });
});

it('cannot recognise a server that does not report its command line', () => {
  expect(readIdentity([])).toBeNull();
});
