import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** Records of one name. */
export interface DnsRecords {
  a?: string[];
  aaaa?: string[];
  srv?: { priority: number; weight: number; port: number; target: string }[];
}

const TYPES: Readonly<Record<number, keyof DnsRecords>> = { 1: 'a', 28: 'aaaa', 33: 'srv' };
const NXDOMAIN = 3;
const SERVFAIL = 2;

/** A DNS server on loopback with the part of RFC 1035 that a stub resolver needs. Names without records do not exist. */
export async function openDnsServer() {
  const socket = createSocket('udp4');
  const names = new Map<string, DnsRecords>();
  let isBroken = false;
  socket.on('message', (query, from) => socket.send(answer(query), from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    names,
    /** Makes every query fail from now on, or succeed again. */
    break: (on: boolean) => {
      isBroken = on;
    },
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };

  function answer(query: Buffer): Buffer {
    const { name, end } = readName(query, 12);
    const question = query.subarray(12, end + 4);
    const records = names.get(name.toLowerCase());
    const kind = TYPES[query.readUInt16BE(end)];
    const found = isBroken || !records || !kind ? [] : (records[kind] ?? []).map((one) => encode(kind, one));
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180 | (isBroken ? SERVFAIL : records ? 0 : NXDOMAIN), 2);
    header.writeUInt16BE(found.length, 6);
    header.writeUInt32BE(0, 8);
    return Buffer.concat([header, question, ...found.flatMap((data) => toRecord(query, end, data))]);
  }
}

function toRecord(query: Buffer, end: number, data: Buffer): Buffer[] {
  const head = Buffer.alloc(12);
  // A pointer to the name in the question.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(query.readUInt16BE(end), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return [head, data];
}

function encode(kind: keyof DnsRecords, record: unknown): Buffer {
  if (kind === 'a') return Buffer.from(String(record).split('.').map(Number));
  if (kind === 'aaaa') return encodeLoopback6(String(record));
  const { priority, weight, port, target } = record as NonNullable<DnsRecords['srv']>[number];
  const head = Buffer.alloc(6);
  head.writeUInt16BE(priority, 0);
  head.writeUInt16BE(weight, 2);
  head.writeUInt16BE(port, 4);
  return Buffer.concat([head, writeName(target)]);
}

/** Only supports `::N`. */
function encodeLoopback6(text: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(Number.parseInt(text.replace('::', ''), 16), 14);
  return bytes;
}

function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}

function writeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
