import type { CertificateFault, CertificateProblem } from '../http/comfy-error.ts';

/** Of Node's and OpenSSL's codes, those that say something about the certificate or the lack of one. */
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

/** Codes of other certificate errors begin like these. */
const OTHERS = /^(CERT_|CRL_|ERR_TLS_CERT_|INVALID_CA|PATH_LENGTH_EXCEEDED|INVALID_PURPOSE)/;

const MAX_NAMES_LENGTH = 300;

/** What is wrong with the server's certificate by the system's code; null for failures of another kind. */
export function readCertificateFault(code: string, error: unknown): CertificateFault | null {
  const problem = Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code] : OTHERS.test(code) ? 'other' : undefined;
  if (problem === undefined) return null;
  const names = problem === 'wrong_name' ? readNames(error) : null;
  return { problem, code, ...(names === null ? {} : { names }) };
}

/** `DNS:a.example, IP Address:10.0.0.1` as Node tells it; a certificate is written by a stranger. */
function readNames(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('cert' in error)) return null;
  const { cert } = error;
  if (typeof cert !== 'object' || cert === null || !('subjectaltname' in cert)) return null;
  const { subjectaltname: names } = cert;
  return typeof names === 'string' ? names.slice(0, MAX_NAMES_LENGTH) : null;
}
