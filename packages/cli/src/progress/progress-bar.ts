import type { Terminal } from '../platform/terminal.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

/** Where progress goes: lines, and on a terminal a bar below them. */
export interface ProgressView {
  readonly hasBar: boolean;
  line(text: string): void;
  /** 0 … 1, and what is worked on. */
  bar(fraction: number, label: string): void;
  close(): void;
}

/** Lines on stderr, with a bar when stderr is a terminal. */
export async function openProgressView(terminal: Terminal, { say }: CliTexts): Promise<ProgressView> {
  if (terminal.barStream === null) {
    return { hasBar: false, line: terminal.err, bar: () => undefined, close: () => undefined };
  }
  const { default: progress } = await import('cli-progress');
  const bars = new progress.MultiBar(
    {
      format: `{bar} {percent}% {label} ${say('cli.seconds', { seconds: '{duration}' })}`,
      hideCursor: true,
      clearOnComplete: true,
      stream: terminal.barStream,
    },
    progress.Presets.shades_classic,
  );
  const bar = bars.create(1000, 0, { percent: '0.0', label: '' });
  return {
    hasBar: true,
    line: (text) => {
      bars.log(`${terminal.paint(text)}\n`);
      bars.update();
    },
    bar: (fraction, label) =>
      bar.update(Math.round(fraction * 1000), { percent: (fraction * 100).toFixed(1), label }),
    close: () => bars.stop(),
  };
}
