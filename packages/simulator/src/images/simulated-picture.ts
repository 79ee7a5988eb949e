import { createHash } from 'node:crypto';
import type { Frame } from './frame.ts';

/** 5×7 letters, one number per row, highest bit on the left. Only those of the word. */
const LETTERS: Record<string, readonly number[]> = {
  a: [0, 0, 14, 1, 15, 17, 15],
  d: [1, 1, 13, 19, 17, 17, 15],
  e: [0, 0, 14, 17, 31, 16, 14],
  i: [4, 0, 12, 4, 4, 4, 14],
  l: [12, 4, 4, 4, 4, 4, 14],
  m: [0, 0, 26, 21, 21, 17, 17],
  s: [0, 0, 14, 16, 14, 1, 30],
  t: [8, 8, 28, 8, 8, 9, 6],
  u: [0, 0, 17, 17, 17, 19, 13],
};
const WORD = 'simulated';
const LETTER_WIDTH = 6;

/** What determines a picture: equal recipes give equal pictures. */
export interface Recipe {
  readonly text: string;
  readonly seed: string;
  readonly steps: number;
}

/** A picture drawn from prompt text and seed, with the word "simulated" written in it. */
export function simulatedFrame(width: number, height: number, recipe: Recipe): Frame {
  const digest = createHash('sha256').update(JSON.stringify(recipe)).digest();
  return {
    key: `simulated ${digest.toString('hex')}`,
    width,
    height,
    draw() {
      const data = drawPattern(width, height, digest);
      drawWord(data, width, height);
      return { width, height, channels: 3, data };
    },
  };
}

/** Slanted waves, one per channel: sin(x + y) from one table per axis. */
function drawPattern(width: number, height: number, digest: Buffer): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  const at = (index: number): number => digest[index % digest.length] ?? 0;
  for (let channel = 0; channel < 3; channel += 1) {
    const low = at(channel) / 2;
    const swing = (at(channel + 3) / 2 + 64 - low) / 2;
    const phase = (at(channel + 12) / 255) * Math.PI * 2;
    const across = tabulate(width, (at(channel + 6) % 7) + 1, phase);
    const down = tabulate(height, (at(channel + 9) % 7) + 1, 0);
    for (let y = 0; y < height; y += 1) {
      const [sinY = 0, cosY = 0] = [down.sin[y], down.cos[y]];
      for (let x = 0; x < width; x += 1) {
        const wave = (across.sin[x] ?? 0) * cosY + (across.cos[x] ?? 0) * sinY;
        data[(y * width + x) * 3 + channel] = low + (wave + 1) * swing;
      }
    }
  }
  return data;
}

function tabulate(length: number, waves: number, phase: number): { sin: Float64Array; cos: Float64Array } {
  const angles = Float64Array.from({ length }, (_, index) => (index / length) * waves * Math.PI + phase);
  return { sin: angles.map(Math.sin), cos: angles.map(Math.cos) };
}

function drawWord(data: Uint8Array, width: number, height: number): void {
  const scale = Math.max(1, Math.floor(width / (WORD.length * LETTER_WIDTH + 8)));
  const left = Math.max(0, Math.floor((width - WORD.length * LETTER_WIDTH * scale) / 2));
  const top = Math.max(0, height - 10 * scale);
  fillBand(data, width, Math.max(0, top - scale), Math.min(height, top + 8 * scale));
  for (const [index, letter] of [...WORD].entries()) {
    for (const [row, bits] of (LETTERS[letter] ?? []).entries()) {
      for (let column = 0; column < 5; column += 1) {
        if ((bits & (16 >> column)) === 0) continue;
        const x = left + (index * LETTER_WIDTH + column) * scale;
        paintSquare(data, width, height, { x, y: top + row * scale, size: scale });
      }
    }
  }
}

function fillBand(data: Uint8Array, width: number, from: number, to: number): void {
  for (let i = from * width * 3; i < to * width * 3; i += 1) data[i] = (data[i] ?? 0) >> 2;
}

function paintSquare(
  data: Uint8Array,
  width: number,
  height: number,
  square: { x: number; y: number; size: number },
): void {
  for (let y = square.y; y < Math.min(height, square.y + square.size); y += 1) {
    for (let x = square.x; x < Math.min(width, square.x + square.size); x += 1) {
      data.fill(255, (y * width + x) * 3, (y * width + x) * 3 + 3);
    }
  }
}
