import { type ErrorSpec, spec } from './error-spec.ts';
import { TASK_ERRORS } from './task-errors.ts';

export type { Blame, ErrorSpec, Retry } from './error-spec.ts';

/** Every error Comfleet can return or record: code → HTTP status, blame, retry and one-line meaning. */
export const ERRORS = {
  INVALID_REQUEST: spec(
    400,
    'caller',
    'never',
    'The request does not fit the schema; each field that is wrong is named.',
  ),
  UNAUTHORIZED: spec(
    401,
    'caller',
    'never',
    'No valid credentials; send Authorization: Bearer <token>, or get a new token.',
  ),
  SAMPLE_PASSWORD: spec(
    401,
    'caller',
    'never',
    'admin/admin never works here. The first password was shown at the first start and is in the file admin-password of the data folder; on the server, comfleet users reset admin makes a new one.',
  ),
  PASSWORD_REFUSED: spec(
    422,
    'caller',
    'never',
    'The password is refused: it needs 8 to 128 characters, must not be a common one, nor contain the user name.',
  ),
  FORBIDDEN: spec(403, 'caller', 'never', 'The credentials are valid but this is not allowed for them.'),
  GRAPH_NOT_GRANTED: spec(
    403,
    'caller',
    'never',
    'This client may run named workflows only; an admin can grant raw graphs.',
  ),
  POLICY_REFUSED: spec(
    403,
    'caller',
    'never',
    'A rule of the administrator does not allow this graph; each node is named with the rule that refuses it.',
  ),
  TASK_TYPE_DISABLED: spec(
    403,
    'caller',
    'never',
    'Tasks of this type are switched off; task_types.<type>.enabled switches them on.',
  ),
  REGISTRATION_CLOSED: spec(
    403,
    'caller',
    'never',
    'Registering needs the local credential or an admin, unless auth.registration allows it.',
  ),
  DISCOVERY_OFF: spec(
    403,
    'caller',
    'never',
    'Workers cannot register themselves here: nodes.discovery_mode must be dynamic or hybrid.',
  ),
  NOT_FOUND: spec(404, 'caller', 'never', 'There is nothing at this address.'),
  TASK_NOT_FOUND: spec(404, 'caller', 'never', 'No task of yours has this id.'),
  BATCH_NOT_FOUND: spec(404, 'caller', 'never', 'No batch of yours has this id.'),
  ASSET_NOT_FOUND: spec(404, 'caller', 'never', 'No file of yours has this id.'),
  WORKFLOW_NOT_FOUND: spec(
    404,
    'caller',
    'never',
    'No workflow has this name; GET /api/v2/workflows lists them.',
  ),
  WORKER_NOT_FOUND: spec(404, 'caller', 'never', 'No worker has this id.'),
  CLIENT_NOT_FOUND: spec(404, 'caller', 'never', 'No client has this id.'),
  NAME_TAKEN: spec(
    409,
    'caller',
    'never',
    'A user has this name already; upper and lower case are the same.',
  ),
  USER_DISABLED: spec(
    409,
    'caller',
    'never',
    'The user is disabled; comfleet users enable lets it in again.',
  ),
  OWN_ACCOUNT: spec(
    409,
    'caller',
    'never',
    'Nobody disables or changes the role of their own account; another admin can.',
  ),
  USER_FROM_OIDC: spec(
    409,
    'caller',
    'never',
    'The user signs in through the OpenID provider: it has no password, and the rules of auth.oidc give it its role.',
  ),
  OIDC_OFF: spec(404, 'caller', 'never', 'Sign-in through an OpenID provider is not configured: auth.oidc.'),
  OIDC_STATE: spec(
    400,
    'caller',
    'never',
    'This sign-in was not begun in this browser, was finished already, or took longer than ten minutes. Begin again.',
  ),
  OIDC_DENIED: spec(403, 'caller', 'never', 'The sign-in was canceled or denied at the OpenID provider.'),
  OIDC_REFUSED: spec(
    401,
    'caller',
    'never',
    'The response of the OpenID provider is not valid; nobody was signed in. The server log has the reason.',
  ),
  OIDC_NO_ROLE: spec(403, 'caller', 'never', 'Your account at the provider has no role here; ask an admin.'),
  OIDC_USER_UNKNOWN: spec(403, 'caller', 'never', 'No user has your account at the provider; ask an admin.'),
  OIDC_USER_DISABLED: spec(403, 'caller', 'never', 'Your user is disabled here. Ask the administrator.'),
  OIDC_UNAVAILABLE: spec(
    503,
    'system',
    'later',
    'The OpenID provider cannot be reached or does not work. Try again later, or sign in another way.',
  ),
  SUBJECT_TAKEN: spec(409, 'caller', 'never', 'Another user has this account at the provider.'),
  USER_NOT_FOUND: spec(404, 'caller', 'never', 'No user has this id or name.'),
  TOKEN_NOT_FOUND: spec(
    404,
    'caller',
    'never',
    'No session, key, invitation or join token of yours has this id.',
  ),
  PROJECT_NOT_FOUND: spec(404, 'caller', 'never', 'You have no project with this id.'),
  MEMBER_NOT_FOUND: spec(
    404,
    'caller',
    'never',
    'No user has this name, no user or client this id, or it is no member of the project.',
  ),
  NOT_PROJECT_OWNER: spec(403, 'caller', 'never', 'Only the owner of the project, or an admin, may do this.'),
  PROJECT_READ_ONLY: spec(
    403,
    'caller',
    'never',
    'You are a viewer of this project. Its owner can make you an editor.',
  ),
  RESULT_NOT_FOUND: spec(404, 'caller', 'never', 'The task has no result at this index.'),
  METHOD_NOT_ALLOWED: spec(405, 'caller', 'never', 'This address does not take this method.'),
  CONFLICT: spec(409, 'caller', 'never', 'The current state does not allow this; read it again.'),
  IDEMPOTENCY_CONFLICT: spec(
    409,
    'caller',
    'never',
    'This idempotency key was used with another body within 24 h.',
  ),
  TASK_NOT_FINISHED: spec(409, 'caller', 'later', 'The task has no results yet; follow it and ask again.'),
  BODY_TOO_LARGE: spec(413, 'caller', 'never', 'The body is larger than the limit named in details.'),
  UNSUPPORTED_MEDIA: spec(415, 'caller', 'never', 'This content type or file kind is not accepted here.'),
  INVALID_PARAMETERS: spec(
    422,
    'caller',
    'never',
    'A parameter is unknown, missing or out of its limits; each is named.',
  ),
  INVALID_WORKFLOW: spec(
    422,
    'caller',
    'never',
    'The graph is not valid; each node and input that is wrong is named.',
  ),
  WORKFLOW_FORMAT_UI: spec(
    422,
    'caller',
    'never',
    'This is ComfyUI’s UI format; export it with "Export (API)" and send that.',
  ),
  MISSING_ASSET: spec(
    422,
    'caller',
    'never',
    'The graph refers to a file that does not exist or is not yours; upload it first.',
  ),
  NO_CAPABLE_WORKER: spec(
    422,
    'caller',
    'never',
    'No known worker has what this task asks for: node classes, models, labels or a name.',
  ),
  QUOTA_EXCEEDED: spec(
    429,
    'caller',
    'later',
    'A limit on waiting tasks is reached; retry after some have ended.',
  ),
  RATE_LIMITED: spec(429, 'caller', 'later', 'Too many requests; wait as Retry-After says.'),
  TOO_MANY_STREAMS: spec(
    429,
    'caller',
    'later',
    'Too many event streams are open for this client; close one.',
  ),
  INTERNAL: spec(
    500,
    'bug',
    'later',
    'Something unexpected failed here; the log has it under this request_id.',
  ),
  UNAVAILABLE: spec(
    503,
    'system',
    'later',
    'The database does not answer; nothing was changed; retry after the time given.',
  ),
  SHUTTING_DOWN: spec(503, 'system', 'later', 'The server is stopping; retry in a moment.'),
  STORAGE_FULL: spec(
    503,
    'system',
    'later',
    'Nothing can be stored: the disk is full or cannot be written; nothing was changed. It goes on by itself once it can.',
  ),
  DATABASE_DAMAGED: spec(
    503,
    'system',
    'later',
    'The database file is damaged. Stop the server, keep the file, and restore the newest backup of it.',
  ),
  ADMIN_PASSWORD_REFUSED: spec(
    500,
    'caller',
    'never',
    'COMFLEET_ADMIN_PASSWORD is refused: it needs 8 to 128 characters and must not be a common or sample one. Without it a password is made.',
  ),
  CONFIG_INVALID: spec(500, 'caller', 'never', 'The configuration is not valid; details name each path.'),
  DATABASE_LOCKED: spec(
    500,
    'caller',
    'never',
    'Another Comfleet already runs on this data; details have its address.',
  ),
  SCHEMA_TOO_NEW: spec(
    500,
    'caller',
    'never',
    'The database was written by a newer Comfleet; update this one.',
  ),
  PORT_TAKEN: spec(500, 'caller', 'never', 'The port is in use; choose another.'),
  INSTANCE_CONFIG: spec(
    500,
    'caller',
    'never',
    'ComfyUI cannot be started from this folder; details say what is missing.',
  ),
  INSTANCE_START_FAILED: spec(
    500,
    'system',
    'later',
    'ComfyUI ended or did not answer while starting; details have the last log lines.',
  ),
  ...TASK_ERRORS,
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

/** True when a string names an error of the registry. */
export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(ERRORS, value);
}
