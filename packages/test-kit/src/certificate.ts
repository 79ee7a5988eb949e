import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate with its key, both PEM. */
export interface Certificate {
  cert: string;
  key: string;
  /** Name of its subject: the issuer of the certificates that it signs. */
  name: string;
}

export interface CertificateOptions {
  /** Common name; unique among issuers. */
  name: string;
  /** Its DNS names and IPv4 addresses. */
  hosts?: readonly string[];
  /** Default: itself. */
  issuer?: Certificate;
  /** Can issue others. */
  isAuthority?: boolean;
  /** Epoch ms; default an hour ago. */
  notBeforeMs?: number;
  /** Epoch ms; default in an hour. */
  notAfterMs?: number;
}

const HOUR_MS = 3_600_000;
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));

/** Creates an X.509 certificate with an elliptic-curve key for TLS servers in tests, valid or of a kind that a client must refuse. */
export function createCertificate(options: CertificateOptions): Certificate {
  const { name, issuer, hosts = [], isAuthority = false } = options;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const nowMs = Date.now();
  const body = sequence(
    tag(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer?.name ?? name),
    sequence(time(options.notBeforeMs ?? nowMs - HOUR_MS), time(options.notAfterMs ?? nowMs + HOUR_MS)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tag(0xa3, sequence(...listExtensions(hosts, isAuthority))),
  );
  const signer: KeyObject = issuer === undefined ? privateKey : createPrivateKey(issuer.key);
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, signer)]);
  return {
    name,
    cert: toPem(sequence(body, ECDSA_WITH_SHA256, tag(0x03, signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function listExtensions(hosts: readonly string[], isAuthority: boolean): Buffer[] {
  const basic = sequence(
    oid('551d13'),
    octets(sequence(...(isAuthority ? [tag(0x01, Buffer.from([0xff]))] : []))),
  );
  if (hosts.length === 0) return [basic];
  return [basic, sequence(oid('551d11'), octets(sequence(...hosts.map(toGeneralName))))];
}

function toGeneralName(host: string): Buffer {
  const isAddress = /^\d+(\.\d+){3}$/.test(host);
  return isAddress
    ? tag(0x87, Buffer.from(host.split('.').map(Number)))
    : tag(0x82, Buffer.from(host, 'ascii'));
}

function distinguishedName(name: string): Buffer {
  return sequence(tag(0x31, sequence(oid('550403'), tag(0x0c, Buffer.from(name, 'utf8')))));
}

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return tag(0x18, Buffer.from(text, 'ascii'));
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function sequence(...parts: Buffer[]): Buffer {
  return tag(0x30, Buffer.concat(parts));
}

function integer(value: Buffer): Buffer {
  return tag(0x02, value);
}

function octets(value: Buffer): Buffer {
  return tag(0x04, value);
}

function oid(hex: string): Buffer {
  return tag(0x06, Buffer.from(hex, 'hex'));
}

/** One DER value: tag, length, content. */
function tag(type: number, value: Buffer): Buffer {
  const { length } = value;
  const long = Buffer.from([length >> 8, length & 0xff]);
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, ...long];
  return Buffer.concat([Buffer.from([type, ...size]), value]);
}
