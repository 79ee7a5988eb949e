import type { Language } from '@comfleet/contract';

/** The part of @comfleet/simulator that a start without ComfyUI needs; injected, so that the server does not depend on it. */
export interface SimulatorModule {
  openSimulator(options: {
    port?: number;
    host?: string;
    stepMs?: number;
    previewMethod?: 'latent2rgb';
  }): Promise<{
    url: string;
    close(): Promise<void>;
  }>;
}

/** Options of `comfleet up` and `comfleet serve`. */
export interface UpOptions {
  dataDir: string;
  host?: string;
  /** 0 takes one from the kernel; if the default port is taken, the next free one is used and printed. */
  port?: number;
  /** Addresses of ComfyUI servers. */
  workers: readonly string[];
  /** A ComfyUI installation to start and supervise. */
  comfyuiDir?: string;
  /** Arguments for that ComfyUI, such as --cpu. */
  comfyuiArgs?: readonly string[];
  /** The configuration file; by default config.yaml in the data folder, which may be created later. */
  config?: string;
  /** Given by `up`: simulated workers if there is no real one. */
  simulated?: { count: number; module: SimulatorModule };
  webRoot?: string;
  language: Language;
  /** The command that starts this again, without arguments; default `comfleet up`. */
  command?: string;
  /** Prints a line for users. */
  print: (line: string) => void;
  /** Whether the first start runs one example. */
  firstExample?: boolean;
  environment: NodeJS.ProcessEnv;
  /** When the installation ended, ms since the epoch: the time to the first picture counts from there. */
  installedAtMs?: number;
  signal: AbortSignal;
}
