import { describe, expect, it } from 'vitest';
import { solidFrame } from './frame.ts';
import { encodePng } from './png.ts';
import { readPng } from './read-png.ts';
import { simulatedFrame } from './simulated-picture.ts';

describe('PNG files', () => {
  it('are read back as they were written', () => {
    const picture = simulatedFrame(40, 24, { text: 'x', seed: '1', steps: 1 }).draw();
    const back = readPng(encodePng(picture));
    const rgb = Uint8Array.from(
      { length: picture.data.length },
      (_, i) => back?.data[Math.floor(i / 3) * 4 + (i % 3)] ?? -1,
    );
    expect([back?.width, back?.height]).toEqual([40, 24]);
    expect(rgb).toEqual(picture.data);
  });

  it('of one colour hold that colour', () => {
    const back = readPng(encodePng(solidFrame(2, 1, 0x102030).draw()));
    expect([...(back?.data ?? [])]).toEqual([16, 32, 48, 255, 16, 32, 48, 255]);
  });

  it('that are no PNG are not read', () => {
    expect(readPng(Buffer.from('not a picture at all, but long enough to hold a header'))).toBeUndefined();
  });
});

describe('simulatedFrame', () => {
  const recipe = { text: 'a bottle', seed: '18446744073709551615', steps: 8 };

  it('draws the same picture for the same recipe and another for another seed', () => {
    const first = simulatedFrame(64, 64, recipe).draw().data;
    expect(simulatedFrame(64, 64, recipe).draw().data).toEqual(first);
    expect(simulatedFrame(64, 64, { ...recipe, seed: '18446744073709551614' }).draw().data).not.toEqual(
      first,
    );
  });

  it('writes the word in white on a dark band', () => {
    const { data } = simulatedFrame(64, 64, recipe).draw();
    const row = (y: number): number => {
      let white = 0;
      for (let x = 0; x < 64; x += 1)
        if (data[(y * 64 + x) * 3] === 255 && data[(y * 64 + x) * 3 + 1] === 255) white += 1;
      return white;
    };
    const letterRows = [54, 55, 56, 57, 58, 59, 60].map(row);
    expect(letterRows).toEqual([5, 3, 23, 15, 22, 15, 28]);
  });
});
