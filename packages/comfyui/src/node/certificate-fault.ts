import type { CertificateFault, CertificateProblem } from '../http/comfy-error.ts';

/** Codes of Node and OpenSSL that concern the certificate or its absence. */
const PROBLEMS: Readonly<Record<string, CertificateProblem>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self_signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown_issuer',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown_issuer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown_issuer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown_issuer',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not_yet_valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'wrong_name',
  HOSTNAME_MISMATCH: 'wrong_name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'no_tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'no_tls',
  ERR_SSL_HTTP_REQUEST: 'no_tls',
};

/** Prefixes of the codes of other certificate errors. */
const OTHERS = /^(CERT_|CRL_|ERR_TLS_CERT_|INVALID_CA|PATH_LENGTH_EXCEEDED|INVALID_PURPOSE)/;

const MAX_NAMES_LENGTH = 300;

/** The fault of the server's certificate according to the system's code; null for other failures. */
export function readCertificateFault(code: string, error: unknown): CertificateFault | null {
  const problem = Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code] : OTHERS.test(code) ? 'other' : undefined;
  if (problem === undefined) return null;
  const names = problem === 'wrong_name' ? readNames(error) : null;
  return { problem, code, ...(names === null ? {} : { names }) };
}

/** Reads `DNS:a.example, IP Address:10.0.0.1` as Node reports it; the content of a certificate is untrusted. */
function readNames(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('cert' in error)) return null;
  const { cert } = error;
  if (typeof cert !== 'object' || cert === null || !('subjectaltname' in cert)) return null;
  const { subjectaltname: names } = cert;
  return typeof names === 'string' ? names.slice(0, MAX_NAMES_LENGTH) : null;
}
