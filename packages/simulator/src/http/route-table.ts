import type { Route, RouteHandler } from './server-state.ts';

export type RouteMatch =
  | { readonly kind: 'found'; readonly handler: RouteHandler; readonly params: readonly string[] }
  | { readonly kind: 'absent' }
  | { readonly kind: 'wrong_method' };

/** Finds routes as aiohttp does: exact segments, no trailing slash, each parameter one encoded segment. */
export class RouteTable {
  private readonly fixed = new Map<string, RouteHandler>();
  private readonly paths = new Set<string>();
  private readonly withParams: {
    readonly method: string;
    readonly segments: readonly string[];
    readonly handler: RouteHandler;
  }[] = [];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      if (route.where !== 'api') this.add(route, []);
      if (route.where !== 'plain') this.add(route, ['api']);
    }
  }

  find(method: string, path: string): RouteMatch {
    const routeMethod = method === 'HEAD' ? 'GET' : method;
    const handler = this.fixed.get(`${routeMethod} ${path}`);
    if (handler !== undefined) return { kind: 'found', handler, params: [] };
    const segments = path.split('/').slice(1);
    let isKnown = this.paths.has(path);
    for (const candidate of this.withParams) {
      const params = matchSegments(candidate.segments, segments);
      if (params === undefined) continue;
      if (candidate.method === routeMethod) return { kind: 'found', handler: candidate.handler, params };
      isKnown = true;
    }
    return { kind: isKnown ? 'wrong_method' : 'absent' };
  }

  private add(route: Route, prefix: readonly string[]): void {
    const segments = [...prefix, ...route.pattern];
    if (segments.some((segment) => segment.startsWith('{'))) {
      this.withParams.push({ method: route.method, segments, handler: route.handler });
      return;
    }
    const path = `/${segments.join('/')}`;
    this.paths.add(path);
    this.fixed.set(`${route.method} ${path}`, route.handler);
  }
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): string[] | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: string[] = [];
  for (const [index, expected] of pattern.entries()) {
    const actual = segments[index] ?? '';
    if (!expected.startsWith('{')) {
      if (expected !== actual) return undefined;
      continue;
    }
    if (actual === '') return undefined;
    params.push(decodeSegment(actual));
  }
  return params;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // a stray % is kept
  }
}
