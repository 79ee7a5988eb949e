import type { AuditAction, AuditObjectKind } from '@comfleet/contract';

/** Where a request has the id or name of its object: in its path, its body or its answer; or it is the caller, or always the same. */
export type ObjectPlace =
  | `params.${string}`
  | `body.${string}`
  | `answer.${string}`
  | 'caller'
  | `=${string}`;

/** What a route does, and to which object; no object: to the server as a whole. */
export type RouteAudit = readonly [action: AuditAction, kind?: AuditObjectKind, place?: ObjectPlace];

/**
 * Every route that leaves an entry in the audit log for each act and each refusal. A test fails for a route that changes something
 * and is neither here nor among the exceptions that it names.
 */
export const AUDITED_ROUTES: Readonly<Record<string, RouteAudit>> = {
  'POST /api/v2/auth/register': ['client.registered', 'client', 'answer.client_id'],
  'POST /api/v2/auth/token': ['session.opened', 'client', 'body.client_id'],
  'POST /api/v2/auth/exchange': ['session.opened', 'user', 'caller'],
  'POST /api/v2/auth/sign-in': ['session.opened', 'user', 'body.username'],
  'POST /admin/auth/login': ['session.opened', 'user', 'body.username'],
  'GET /api/v2/auth/oidc/callback': ['session.opened', 'user', 'caller'],
  'POST /api/v2/auth/links': ['sign_in_link.created', 'user', 'caller'],
  'POST /api/v2/auth/sign-out': ['session.ended', 'user', 'caller'],
  'DELETE /api/v2/auth/sessions/:id': ['session.ended', 'token', 'params.id'],
  'POST /api/v2/auth/keys': ['key.created', 'token', 'answer.key_id'],
  'DELETE /api/v2/auth/keys/:id': ['key.revoked', 'token', 'params.id'],
  'POST /api/v2/auth/password': ['password.changed', 'user', 'caller'],
  'POST /api/v2/admin/users': ['user.created', 'user', 'answer.user_id'],
  'PATCH /api/v2/admin/users/:id': ['user.changed', 'user', 'params.id'],
  'POST /api/v2/admin/users/:id/reset': ['user.password_reset', 'user', 'params.id'],
  'POST /api/v2/admin/users/:id/sign-out': ['user.signed_out', 'user', 'params.id'],
  'POST /api/v2/admin/clients/:id/revoke': ['client.revoked', 'client', 'params.id'],
  'POST /api/v2/admin/clients/:id/rotate': ['client.rotated', 'client', 'params.id'],
  'POST /api/v2/admin/clients/:id/grants': ['client.grants_changed', 'client', 'params.id'],
  'POST /api/v2/admin/invitations': ['invitation.created', 'token', 'answer.token_id'],
  'DELETE /api/v2/admin/invitations/:id': ['invitation.revoked', 'token', 'params.id'],
  'POST /api/v2/admin/join-tokens': ['join_token.created', 'token', 'answer.token_id'],
  'DELETE /api/v2/admin/join-tokens/:id': ['join_token.revoked', 'token', 'params.id'],
  'POST /api/projects': ['project.created', 'project', 'answer.project_id'],
  'PATCH /api/projects/:id': ['project.changed', 'project', 'params.id'],
  'DELETE /api/projects/:id': ['project.deleted', 'project', 'params.id'],
  'PUT /api/projects/:id/members': ['project.member_set', 'project', 'params.id'],
  'DELETE /api/projects/:id/members/:member': ['project.member_removed', 'project', 'params.id'],
  'POST /api/fleet/workers': ['worker.added', 'worker', 'answer.worker_id'],
  'PATCH /api/fleet/workers/:id': ['worker.changed', 'worker', 'params.id'],
  'DELETE /api/fleet/workers/:id': ['worker.removed', 'worker', 'params.id'],
  'POST /api/fleet/workers/:id/maintenance': ['worker.maintenance', 'worker', 'params.id'],
  'POST /api/fleet/workers/:id/drain': ['worker.drained', 'worker', 'params.id'],
  'POST /api/fleet/workers/:id/enabled': ['worker.enabled', 'worker', 'params.id'],
  'POST /api/fleet/workers/:id/check': ['worker.checked', 'worker', 'params.id'],
  'POST /api/fleet/workers/:id/accept': ['worker.identity_accepted', 'worker', 'params.id'],
  'POST /api/fleet/workers/:id/reconnect': ['worker.reconnected', 'worker', 'params.id'],
  'POST /api/fleet/workers/:id/inventory': ['worker.inventory_loaded', 'worker', 'params.id'],
  'PUT /api/fleet/balancing': ['strategy.changed', 'setting', '=nodes.load_balancing.strategy'],
  'PUT /api/v2/admin/settings/:key': ['setting.changed', 'setting', 'params.key'],
  'DELETE /api/v2/admin/settings/:key': ['setting.reset', 'setting', 'params.key'],
  'PUT /api/v2/admin/quotas/:id': ['quota.changed', 'quota', 'params.id'],
  'DELETE /api/v2/admin/quotas/:id': ['quota.reset', 'quota', 'params.id'],
  'POST /api/v2/tasks/reload': ['config.reread'],
};
