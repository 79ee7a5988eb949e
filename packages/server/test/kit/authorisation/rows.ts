import type { ActorName } from './actors.ts';

/** The status of each actor's request; `invalid` for a bearer that stands for nobody. */
export type Row = Readonly<Record<ActorName | 'invalid', number>>;

const NOBODY = { anonymous: 401, invalid: 401 } as const;

/** The same for everyone, signed in or not. */
function everyone(status: number): Row {
  return {
    ...signedIn(status),
    anonymous: status,
    invalid: status,
  };
}

function signedIn(status: number): Row {
  return {
    ...NOBODY,
    owner: status,
    client: status,
    user: status,
    viewer: status,
    'project owner': status,
    editor: status,
    'project viewer': status,
    operator: status,
    admin: status,
    "admin's key": status,
    'limited key': status,
  };
}

/** What only principals that may run tasks are allowed. */
function running(status: number): Row {
  return { ...signedIn(status), viewer: 403, 'limited key': 403 };
}

/** A change that no API key may make. */
function withoutKeys(row: Row): Row {
  return { ...row, "admin's key": 403, 'limited key': 403 };
}

/** An object of the owner in a project: unknown to everyone who is neither its owner nor a member. */
const SEE_OWN: Row = { ...signedIn(200), client: 404, user: 404, viewer: 404 };

/** A change of it: refused to project viewers, who see it. */
function changing(status: number): Row {
  return { ...running(status), client: 404, user: 404, 'project viewer': 403 };
}

/** A project as seen by the same actors; the owner of the task is no member of it. */
const SEE_PROJECT: Row = { ...SEE_OWN, owner: 404, 'limited key': 404 };

/** A change of the project: for its owner and admins. */
function managing(status: number): Row {
  return { ...changing(status), owner: 404, editor: 403, operator: 403 };
}

const staff = (status: number): Row => ({
  ...signedIn(403),
  operator: status,
  admin: status,
  "admin's key": status,
});
const admins = (status: number): Row => ({ ...staff(status), operator: 403 });

const PUBLIC = everyone(200);
/** Wrong credentials in the body, whoever sends them. */
const CREDENTIALS = everyone(401);
const OWN = signedIn(200);
const FLEET = staff(200);
const PEOPLE = admins(200);
const changePeople = (status: number): Row => withoutKeys(admins(status));

/** Every route of the main listener. The test fails for a route that is missing here: decide who may use it. */
export const MATRIX: Readonly<Record<string, Row>> = {
  'POST /api/v2/auth/register': { ...changePeople(201), anonymous: 403 },
  'POST /api/v2/auth/token': CREDENTIALS,
  'POST /api/v2/auth/exchange': CREDENTIALS,
  'POST /api/v2/auth/sign-in': CREDENTIALS,
  'POST /admin/auth/login': CREDENTIALS,
  'GET /api/v2/auth/me': OWN,
  'POST /api/v2/auth/links': changePeople(201),
  'POST /api/v2/auth/renew': OWN,
  'POST /api/v2/auth/sign-out': withoutKeys(signedIn(200)),
  // Browsers go there to sign in; without a provider they end on the page, with the reason.
  'GET /api/v2/auth/oidc/sign-in': everyone(303),
  'GET /api/v2/auth/oidc/callback': everyone(303),
  'GET /api/v2/auth/sessions': OWN,
  // The session and the key are another's, so they are unknown.
  'DELETE /api/v2/auth/sessions/:id': withoutKeys(signedIn(404)),
  'GET /api/v2/auth/keys': OWN,
  'POST /api/v2/auth/keys': withoutKeys(signedIn(201)),
  'DELETE /api/v2/auth/keys/:id': withoutKeys(signedIn(404)),
  // Clients have no password; users send a wrong one.
  'POST /api/v2/auth/password': { ...withoutKeys(signedIn(403)), user: 401, viewer: 401, operator: 401 },
  'GET /api/v2/admin/users': PEOPLE,
  'POST /api/v2/admin/users': changePeople(201),
  // No user or client has the id.
  'PATCH /api/v2/admin/users/:id': changePeople(404),
  'POST /api/v2/admin/users/:id/reset': changePeople(404),
  'POST /api/v2/admin/users/:id/sign-out': changePeople(404),
  'GET /api/v2/admin/clients': PEOPLE,
  'POST /api/v2/admin/clients/:id/revoke': changePeople(404),
  'POST /api/v2/admin/clients/:id/rotate': changePeople(404),
  'POST /api/v2/admin/clients/:id/grants': changePeople(404),
  'GET /api/v2/admin/invitations': PEOPLE,
  'POST /api/v2/admin/invitations': changePeople(201),
  'DELETE /api/v2/admin/invitations/:id': changePeople(404),
  'GET /api/v2/admin/join-tokens': PEOPLE,
  'POST /api/v2/admin/join-tokens': changePeople(201),
  'DELETE /api/v2/admin/join-tokens/:id': changePeople(404),
  'GET /api/v2/usage': OWN,
  // No user, client or project has the id.
  'GET /api/v2/admin/usage/:id': admins(404),
  'GET /api/v2/admin/quotas': PEOPLE,
  'PUT /api/v2/admin/quotas/:id': admins(404),
  'DELETE /api/v2/admin/quotas/:id': admins(404),
  'GET /api/v2/admin/performance/tasks': FLEET,
  'GET /api/v2/admin/performance/tasks/export': FLEET,
  'GET /api/v2/admin/performance/nodes': FLEET,
  'GET /api/v2/performance': OWN,
  'GET /api/v2/admin/audit': PEOPLE,
  'GET /api/v2/admin/audit/export': PEOPLE,
  'GET /api/projects': OWN,
  'POST /api/projects': running(201),
  'GET /api/projects/:id': SEE_PROJECT,
  'PATCH /api/projects/:id': managing(200),
  'DELETE /api/projects/:id': withoutKeys(managing(204)),
  'GET /api/projects/:id/members': SEE_PROJECT,
  'PUT /api/projects/:id/members': withoutKeys(managing(200)),
  // Members may leave, so the role viewer is not refused before the project is looked for.
  'DELETE /api/projects/:id/members/:member': { ...withoutKeys(managing(204)), viewer: 404 },
  'POST /api/v2/tasks': running(201),
  'POST /api/v2/tasks/text-to-image': running(201),
  'POST /api/v2/tasks/text-to-image-sdxl': running(201),
  'POST /api/v2/tasks/image-to-video': running(201),
  'POST /api/v2/tasks/reload': FLEET,
  'GET /api/v2/tasks': OWN,
  'GET /api/v2/tasks/:id': SEE_OWN,
  'GET /api/v2/tasks/:id/status': SEE_OWN,
  'GET /api/v2/tasks/:id/download': SEE_OWN,
  'GET /api/v2/tasks/:id/events': SEE_OWN,
  'GET /api/fleet/tasks/:id/events': SEE_OWN,
  'GET /api/fleet/tasks/:id/attempts': SEE_OWN,
  'GET /api/fleet/tasks/:id/placement': SEE_OWN,
  'GET /api/fleet/tasks/:id/graph': SEE_OWN,
  'DELETE /api/v2/tasks/:id': changing(200),
  'POST /api/v2/tasks/:id/cancel': changing(200),
  'POST /api/v2/tasks/:id/retry': changing(201),
  'POST /api/fleet/tasks/:id/decide': changing(200),
  'GET /api/v2/workflows': OWN,
  'GET /api/v2/workflows/:name': OWN,
  'POST /api/v2/workflows/:name/validate': OWN,
  'POST /api/v2/batches': running(201),
  'GET /api/v2/batches': OWN,
  'GET /api/v2/batches/:id': SEE_OWN,
  'GET /api/v2/batches/:id/events': SEE_OWN,
  'POST /api/v2/batches/:id/pause': changing(200),
  'POST /api/v2/batches/:id/resume': changing(200),
  'POST /api/v2/batches/:id/cancel': changing(200),
  'GET /api/v2/jobs/:id': SEE_OWN,
  'GET /api/v2/jobs/:id/workflow': SEE_OWN,
  'GET /api/v2/jobs/:id/events': SEE_OWN,
  'POST /api/v2/jobs/:id/cancel': changing(200),
  // Without a form or a hash: allowed, then refused for that.
  'POST /api/v2/assets': running(422),
  'POST /api/v2/assets/from-hash': running(404),
  'GET /api/v2/assets/:id': SEE_OWN,
  'DELETE /api/v2/assets/:id': changing(204),
  'GET /api/v2/assets/:id/content': SEE_OWN,
  'GET /api/v2/config': OWN,
  // Without a form: allowed, then refused for the media type.
  'POST /api/fleet/uploads': running(415),
  'GET /api/fleet/uploads': OWN,
  'GET /api/fleet/uploads/:id': SEE_OWN,
  'DELETE /api/fleet/uploads/:id': changing(204),
  'GET /api/fleet/assets/:id/content': SEE_OWN,
  // Those about people need people.manage: setting-routes.test.ts.
  'GET /api/v2/admin/settings': FLEET,
  'GET /api/v2/admin/settings/history': FLEET,
  'GET /api/v2/admin/settings/:key': FLEET,
  'PUT /api/v2/admin/settings/:key': FLEET,
  'DELETE /api/v2/admin/settings/:key': FLEET,
  'GET /api/fleet/policies': FLEET,
  'POST /api/fleet/policies/test': FLEET,
  'GET /api/fleet/workers': FLEET,
  'GET /api/fleet/workers/:id': FLEET,
  'POST /api/fleet/workers/:id/check': FLEET,
  'POST /api/fleet/workers/:id/accept': FLEET,
  'GET /api/fleet/workers/:id/events': FLEET,
  'GET /api/fleet/workers/:id/logs': FLEET,
  'GET /api/fleet/events': FLEET,
  'GET /api/fleet/stream': FLEET,
  'POST /api/fleet/workers': staff(201),
  'PATCH /api/fleet/workers/:id': FLEET,
  'DELETE /api/fleet/workers/:id': FLEET,
  'POST /api/fleet/workers/:id/drain': FLEET,
  'POST /api/fleet/workers/:id/enabled': FLEET,
  'POST /api/fleet/workers/:id/inventory': FLEET,
  'POST /api/fleet/workers/:id/maintenance': FLEET,
  'POST /api/fleet/workers/:id/reconnect': FLEET,
  'GET /api/fleet/stats': FLEET,
  'GET /api/fleet/models': FLEET,
  'GET /api/fleet/balancing': FLEET,
  'GET /api/fleet/placement': FLEET,
  'PUT /api/fleet/balancing': FLEET,
  // Takes a join token in the body, whoever sends it.
  'POST /api/fleet/register': CREDENTIALS,
  'GET /api/fleet/estimates': FLEET,
  'GET /api/fleet/debug/pending': OWN,
  'POST /api/fleet/debug/check/:id': SEE_OWN,
  'GET /api/health': PUBLIC,
  'GET /health': PUBLIC,
  'GET /api/v2/health': PUBLIC,
  'GET /healthz': PUBLIC,
  'GET /readyz': PUBLIC,
  'GET /metrics': FLEET,
  'GET /openapi.json': PUBLIC,
  'GET /docs': PUBLIC,
  'GET /docs/json': PUBLIC,
  'GET /docs/yaml': PUBLIC,
  'GET /docs/static/index.html': everyone(302),
  'GET /docs/static/swagger-initializer.js': PUBLIC,
  'GET /docs/static/*': everyone(404),
  // The socket itself: without an upgrade there is nothing here.
  'GET /api/v2/live': everyone(404),
};

/** What is asked over the live socket. */
export const LIVE_MATRIX: Readonly<Record<string, Row>> = {
  'WS /api/v2/live watch_task': SEE_OWN,
  'WS /api/v2/live watch_batch': SEE_OWN,
  'WS /api/v2/live watch_own': OWN,
};
