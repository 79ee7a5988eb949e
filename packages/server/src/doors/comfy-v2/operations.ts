/**
 * Operations of the Comfy API v2 contract (e2e/contracts/comfy-api-v2.openapi.yaml) with the error statuses that it
 * documents for each. Its clients expect these only, so no other status is sent, 429 of a rate limit excepted.
 */
export const OPERATIONS = {
  postAssets: [401, 403, 409, 422, 500],
  assetFromHash: [401, 403, 404, 500],
  headAssetByHash: [401, 404, 500],
  getAsset: [401, 403, 404, 500],
  deleteAsset: [401, 403, 404, 409, 500],
  getAssetContent: [401, 403, 404, 416, 500],
  postJobs: [401, 402, 403, 422, 429, 500],
  getJob: [401, 403, 404, 429, 500],
  getJobWorkflow: [401, 403, 404, 429, 500],
  getJobEvents: [401, 403, 404, 429, 500, 501],
  cancelJob: [401, 403, 404, 429, 500],
} as const satisfies Record<string, readonly number[]>;

export type Operation = keyof typeof OPERATIONS;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Operation of the Comfy API v2 contract that a route serves. */
    operation?: Operation;
  }
}
