/** Which certificates of a server are accepted; by default those that the system trusts. Browsers decide by themselves. */
export interface TlsTrust {
  /** PEM of the authorities, or of the certificate itself, to trust instead of the system's. */
  ca?: string;
  /** False accepts every certificate: a man in the middle can read and change everything. */
  verify?: boolean;
}

/** One HTTP request. `timeoutMs` limits it to the last byte, `idleTimeoutMs` the wait between bytes, `maxBytes` the body. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  url: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array | FormData | AsyncIterable<Uint8Array>;
  signal?: AbortSignal;
  timeoutMs?: number;
  idleTimeoutMs?: number;
  maxBytes?: number;
  tls?: TlsTrust;
}

/** A response whose body is read once, by `text()` or by iterating; header names are in lower case. */
export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  text(): Promise<string>;
  body: AsyncIterable<Uint8Array>;
}

/** Sends requests; follows no redirect, throws only ComfyError (also while the body is read). */
export interface HttpTransport {
  request(request: HttpRequest): Promise<HttpResponse>;
}
