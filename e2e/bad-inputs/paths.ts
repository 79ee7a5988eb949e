import { type BadInput, writeRequest } from './raw-request.ts';

/** Ways to write `../` and its relatives in a segment of a path. */
const CLIMBS = [
  '../',
  '..%2f',
  '..%2F',
  '%2e%2e/',
  '%2e%2e%2f',
  '%2E%2E%2F',
  '.%2e/',
  '..%5c',
  '..\\',
  '%252e%252e%252f',
  '..%252f',
  '%c0%ae%c0%ae/',
  '%c0%ae%c0%ae%c0%af',
  '..%c0%af',
  '%e0%80%ae%e0%80%ae/',
  '%uff0e%uff0e/',
  '..;/',
  '..%00/',
  '....//',
  '..././',
  '%ef%bc%8e%ef%bc%8e/',
];
/** Where files are served from. */
const FILES = ['/client/', '/docs/static/'];
const TARGETS = ['etc/passwd', 'package.json'];
const NOT_FOUND = ['404 NOT_FOUND', '400 INVALID_REQUEST', '403 FORBIDDEN'];

/** Segments that are no id, for routes with an id. */
const SEGMENTS = [
  '%00',
  'a%00b',
  '%0d%0aset-cookie:%20a=b',
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e',
  "'%20or%201=1--",
  '%3Cscript%3E',
  '%7B%7B7*7%7D%7D',
  '$%7Bjndi:ldap:x%7D',
  '%E2%80%AE',
  '%F0%9F%98%80',
  '-1',
  '1e309',
  'null',
  '__proto__',
  'constructor',
  '01900000-0000-7000-8000-00000000000G',
  '01900000-0000-7000-8000-0000000000ff%20',
  '%c0%af',
  '%ff',
  '%',
  '%zz',
  'a'.repeat(9000),
];
const IDS: readonly [path: string, code: string][] = [
  ['/api/v2/tasks/{id}', 'TASK_NOT_FOUND'],
  ['/api/v2/batches/{id}', 'BATCH_NOT_FOUND'],
  ['/api/v2/workflows/{name}', 'WORKFLOW_NOT_FOUND'],
  ['/api/fleet/uploads/{id}', 'ASSET_NOT_FOUND'],
  ['/api/fleet/workers/{id}', 'WORKER_NOT_FOUND'],
  ['/api/v2/jobs/{id}', 'not_found'],
];

/** Request targets that are no address of ours. `secret` is a file that must never be shown. */
const TARGET_FORMS: readonly [target: string, refusals: readonly string[]][] = [
  ['//api/v2/tasks', NOT_FOUND],
  ['/api//v2/tasks', NOT_FOUND],
  ['/api/v2//tasks', NOT_FOUND],
  ['///', NOT_FOUND],
  ['/api/v2/tasks%2f', NOT_FOUND],
  ['/api%2fv2%2ftasks', NOT_FOUND],
  ['/API/V2/TASKS', NOT_FOUND],
  ['/api/v2/tasks;jsessionid=1', NOT_FOUND],
  ['/api/v2/./tasks', NOT_FOUND],
  ['/api/v2/x/../tasks', NOT_FOUND],
  ['/api/v2/tasks%00', NOT_FOUND],
  ['/api/v2/tasks%20', NOT_FOUND],
  ['/api/v2/tasks.json', NOT_FOUND],
  ['/%2e%2e/%2e%2e/etc/passwd', NOT_FOUND],
  ['/.git/config', NOT_FOUND],
  ['/.env', NOT_FOUND],
  ['/config.yaml', NOT_FOUND],
  ['/data/secrets.json', NOT_FOUND],
  ['/credential.json', NOT_FOUND],
  ['/client/.git/HEAD', NOT_FOUND],
  ['/client/%2egit/HEAD', NOT_FOUND],
  ['/server-status', NOT_FOUND],
  ['/debug/pprof/', NOT_FOUND],
  ['/system_stats', NOT_FOUND],
  ['/prompt', NOT_FOUND],
  ['/manager/reboot', NOT_FOUND],
  ['/api/manager/reboot', NOT_FOUND],
  ['/internal/logs', NOT_FOUND],
  ['*', ['400 INVALID_REQUEST', '404 NOT_FOUND']],
  ['api/v2/tasks', ['400 INVALID_REQUEST', '404 NOT_FOUND']],
  ['/\xff\xfe', ['400 INVALID_REQUEST', '404 NOT_FOUND']],
  ['/ api', ['400 INVALID_REQUEST']],
  ['http://127.0.0.1:1/latest/meta-data/', ['400 INVALID_REQUEST', '404 NOT_FOUND']],
  ['http://169.254.169.254/latest/meta-data/', ['400 INVALID_REQUEST', '404 NOT_FOUND']],
  ['https://evil.example/', ['400 INVALID_REQUEST', '404 NOT_FOUND']],
  ['file:///etc/passwd', ['400 INVALID_REQUEST', '404 NOT_FOUND']],
  ['gopher://127.0.0.1:6379/_FLUSHALL', ['400 INVALID_REQUEST', '404 NOT_FOUND']],
];

const METHODS = ['TRACE', 'TRACK', 'PROPFIND', 'PUT', 'PATCH', 'DELETE', 'LINK', 'PURGE', 'BREW', 'get'];

/** Paths that climb, that are written oddly, that are no ids, and methods that a route does not have. */
export function pathInputs(bearer: string): BadInput[] {
  const headers = [`authorization: Bearer ${bearer}`];
  const climbs = FILES.flatMap((folder) =>
    CLIMBS.flatMap((climb) =>
      TARGETS.map((target) => ({ path: folder + climb.repeat(6) + target, refusals: NOT_FOUND })),
    ),
  );
  const ids = IDS.flatMap(([route, code]) =>
    SEGMENTS.map((segment) => ({
      path: route.replace(/\{\w+\}/, segment),
      refusals: [`404 ${code}`, '400 INVALID_REQUEST', '422 invalid_request', '404 NOT_FOUND'],
    })),
  );
  const forms = TARGET_FORMS.map(([path, refusals]) => ({ path, refusals }));
  return [
    ...[...climbs, ...ids, ...forms].map(({ path, refusals }) => ({
      name: `the path ${path.slice(0, 120)}`,
      bytes: writeRequest({ path, headers }),
      refusals,
      operation: null,
    })),
    ...METHODS.map((method) => ({
      name: `the method ${method}`,
      bytes: writeRequest({ method, path: '/healthz', headers }),
      refusals: ['405 METHOD_NOT_ALLOWED', '404 NOT_FOUND', '400 INVALID_REQUEST'],
      operation: null,
    })),
    {
      name: 'a tunnel with CONNECT',
      bytes: writeRequest({ method: 'CONNECT', path: '127.0.0.1:22' }),
      refusals: ['closed', '400 INVALID_REQUEST', '404 NOT_FOUND'],
      operation: null,
    },
  ];
}
