import { crc32, deflateSync } from 'node:zlib';

/** A PNG of soft hills under a sky, coloured by its seed: something to look at while the page is worked on. */
export function drawPicture(width: number, height: number, seed: number, grain = 0): Buffer {
  const hue = (seed * 137.5) % 360;
  const row = width * 3 + 1;
  const pixels = Buffer.alloc(row * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * row + 1 + x * 3;
      const [r, g, b] = shade(x / width, y / height, hue, seed);
      const noise = grain * (((x * 7919 + y * 104729 + seed * 31) % 255) - 127);
      pixels[at] = clamp(r + noise);
      pixels[at + 1] = clamp(g + noise);
      pixels[at + 2] = clamp(b + noise);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels, { level: 4 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function shade(u: number, v: number, hue: number, seed: number): [number, number, number] {
  const sun = Math.exp(-((u - 0.3 - (seed % 5) * 0.1) ** 2 + (v - 0.34) ** 2) * 60);
  let [r, g, b] = toRgb(hue + 30 * v, 0.55, 0.34 + 0.42 * v + sun * 0.4);
  for (let layer = 0; layer < 4; layer += 1) {
    const ridge =
      0.5 +
      layer * 0.13 +
      0.07 * Math.sin(u * (5 + layer * 2.3) + seed + layer * 2) +
      0.02 * Math.sin(u * 31 + seed * layer);
    if (v > ridge) [r, g, b] = toRgb(hue + 190 - layer * 14, 0.34, 0.5 - layer * 0.115 + (v - ridge) * 0.1);
  }
  return [r, g, b];
}

function toRgb(hue: number, saturation: number, lightness: number): [number, number, number] {
  const a = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    return 255 * (lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}
