/** All routes of a server, to distinguish "no such address" from "not this method". */
export class RouteTable {
  readonly #routes: { pattern: RegExp; method: string; url: string }[] = [];

  add(methods: string | string[], url: string): void {
    for (const method of [methods].flat()) this.#routes.push({ pattern: toPattern(url), method, url });
  }

  /** Methods that the path accepts; empty if there is no route. */
  listMethods(path: string): string[] {
    const trimmed = path.length > 1 ? path.replace(/\/+$/, '') : path;
    const found = this.#routes.filter((route) => route.url !== '*' && route.pattern.test(trimmed));
    return [...new Set(found.map((route) => route.method))].sort();
  }
}

function toPattern(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part === '*') return '.*';
    return part
      .split(/(:[A-Za-z_]+)/)
      .map((piece) => (piece.startsWith(':') ? '[^/]+' : piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
      .join('');
  });
  const text = parts.join('/');
  return new RegExp(`^${text.length > 1 ? text.replace(/\/$/, '') : text}$`);
}
