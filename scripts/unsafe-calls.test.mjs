import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './workspace.mjs';

/** Calls that run text, write HTML, start a shell, choose at random or encrypt in a way that others can foresee or break. */
/** @type {[name: string, pattern: RegExp][]} */
const UNSAFE = [
  ['runs text as a program', /\beval\(|new Function\(|\bFunction\('|from 'node:vm'|setTimeout\('/],
  ['writes HTML', /v-html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc/],
  ['starts a shell', /\bshell: true|\bexecSync\(|(?<![.\w])exec\(|promisify\(exec\)|'(?:ba)?sh', \['-c'/],
  [
    'uses a weak hash or cipher',
    /createHash\('(?:md4|md5|sha1|ripemd)|-ecb'|'(?:des|rc4|bf)-|RSA_PKCS1_PADDING|createCipher\(/i,
  ],
  ['accepts old TLS', /TLSv1(?:\.[01])?'|SSLv|secureProtocol/],
  ['parses XML', /xml2js|fast-xml|libxml|sax'/],
  [
    'ships a password or a key',
    // Not admin/admin, which is told from a wrong password, nor words and codes of texts, nor ids; but any long random text.
    /(?:passw(?:or)?d|secret_?key|join_?token|client_?secret|signing_?key)['"]?\s*(?::|={1,3})\s*['"`](?!admin'|Password'|UNAUTHORIZED'|[\w-]+\.)[!-~]{4,}['"`]|['"`](?=\D*\d\D*\d\D*\d)(?![\da-f]{8}-)[A-Za-z0-9+/=_-]{32,}['"`]/i,
  ],
];

const sources = readdirSync(join(root, 'packages'), { recursive: true, withFileTypes: true })
  .filter(({ name, parentPath }) => /[/\\]src([/\\]|$)/.test(parentPath) && /\.(?:ts|vue)$/.test(name))
  .filter(({ name, parentPath }) => !/\.test\.ts$|test-kit|simulator/.test(join(parentPath, name)))
  .map(({ name, parentPath }) => join(parentPath, name));

test.each(UNSAFE)('%s: in no source of ours', (_what, pattern) => {
  const lines = sources.flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .map((line, index) => ({ place: `${path.slice(root.length + 1)}:${index + 1}`, line }))
      .filter(({ line }) => pattern.test(line) && !/^\s*(?:\/\/|\*|\/\*)/.test(line)),
  );
  expect(lines.map(({ place, line }) => `${place}: ${line.trim()}`)).toEqual([]);
});

test('the one cookie is that of a sign-in on its way to a provider', () => {
  const setting = sources.filter((path) =>
    /set-cookie['"]?\s*[,:]|setCookie\(/i.test(readFileSync(path, 'utf8')),
  );
  expect(setting.map((path) => basename(path))).toEqual(['oidc-routes.ts']);
});

test('SQL is written as text in the database folder alone, where no value of a request comes', () => {
  const raw = sources.filter((path) =>
    /\bsql\.(?:raw|lit)\(|CompiledQuery\.raw\(/.test(readFileSync(path, 'utf8')),
  );
  expect(sources.length).toBeGreaterThan(300);
  expect(raw.filter((path) => !path.includes(join('platform', 'database')))).toEqual([]);
});
