import multipart from '@fastify/multipart';
import type { RouteOptions } from 'fastify';
import { z } from 'zod';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { auditRequests } from '../audit-requests.ts';
import type { AuditedObjects } from '../audited-objects.ts';
import type { AuthenticationOptions } from '../authentication.ts';
import { createAuthentication } from '../authentication.ts';
import { noBody } from '../route-responses.ts';
import { addAuditRoutes } from './audit-routes.ts';
import { addAuthRoutes } from './auth-routes.ts';
import { addBatchRoutes } from './batch-routes.ts';
import { addClientRoutes } from './client-routes.ts';
import { addDebugRoutes } from './debug-routes.ts';
import { addDownloadRoute } from './download-route.ts';
import { addFleetEventRoutes } from './fleet-event-routes.ts';
import { addFleetRoutes } from './fleet-routes.ts';
import { addNamedTokenRoutes } from './named-token-routes.ts';
import type { NativeDeps } from './native-deps.ts';
import { addOidcRoutes } from './oidc-routes.ts';
import { addPerformanceRoutes } from './performance-routes.ts';
import { addPolicyRoutes } from './policy-routes.ts';
import { addProjectRoutes } from './project-routes.ts';
import { addQuotaRoutes } from './quota-routes.ts';
import { addSettingRoutes } from './setting-routes.ts';
import { addSettingsRoute } from './settings-route.ts';
import { addStreamRoutes } from './stream-routes.ts';
import { addSubmitRoutes } from './submit-routes.ts';
import { addTaskRoutes } from './task-routes.ts';
import { addTokenRoutes } from './token-routes.ts';
import { addUploadRoutes } from './upload-routes.ts';
import { addUserRoutes } from './user-routes.ts';
import { addWorkerChangeRoutes } from './worker-change-routes.ts';
import { addWorkerRoutes } from './worker-routes.ts';
import { addWorkflowRoutes } from './workflow-routes.ts';

/** Adds all native routes, behind authentication, in their own scope. */
export async function addNativeDoor(
  app: HttpServer,
  deps: NativeDeps,
  { objects, ...authentication }: Omit<AuthenticationOptions, 'identity'> & { objects: AuditedObjects },
): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRequest', createAuthentication({ ...authentication, identity: deps.identity }));
    scope.addHook('onRoute', refuseUndeclared);
    auditRequests(scope, { ...deps, objects, door: 'native' });
    await scope.register(multipart, { throwFileSizeLimit: false });
    for (const addRoutes of ROUTES) addRoutes(scope, deps);
  });
}

const noQuery = z.strictObject({});

/** Makes a route refuse undeclared input by name, never ignore it. */
function refuseUndeclared(route: RouteOptions): void {
  const isRead = [route.method].flat().every((method) => method === 'GET' || method === 'HEAD');
  const takesBody = !isRead && route.config?.ownBody === undefined;
  route.schema = { querystring: noQuery, ...(takesBody && { body: noBody }), ...route.schema };
}

const ROUTES: readonly ((app: HttpServer, deps: NativeDeps) => void)[] = [
  addAuthRoutes,
  addOidcRoutes,
  addTokenRoutes,
  addClientRoutes,
  addNamedTokenRoutes,
  addUserRoutes,
  addProjectRoutes,
  addSubmitRoutes,
  addTaskRoutes,
  addDownloadRoute,
  addStreamRoutes,
  addBatchRoutes,
  addWorkflowRoutes,
  addUploadRoutes,
  addWorkerRoutes,
  addFleetEventRoutes,
  addWorkerChangeRoutes,
  addFleetRoutes,
  addPolicyRoutes,
  addDebugRoutes,
  addSettingsRoute,
  addSettingRoutes,
  addAuditRoutes,
  addQuotaRoutes,
  addPerformanceRoutes,
];
