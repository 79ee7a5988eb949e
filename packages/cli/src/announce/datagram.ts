import { createHmac } from 'node:crypto';
import { ANNOUNCEMENT_PREFIX, type AnnouncementDatagram } from '@comfleet/contract';

/** A signed announcement, ready to be sent. */
export function writeDatagram(announcement: AnnouncementDatagram, joinToken: string): Buffer {
  const body = JSON.stringify(announcement);
  const signature = createHmac('sha256', joinToken).update(body).digest('hex');
  return Buffer.from(`${ANNOUNCEMENT_PREFIX}${signature} ${body}`);
}
