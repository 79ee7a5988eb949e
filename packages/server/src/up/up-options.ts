import type { Language } from '@comfleet/contract';

/** As much of @comfleet/simulator as a start without ComfyUI needs; handed in, so that the server does not depend on it. */
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

/** What `comfleet up` and `comfleet serve` ask for. */
export interface UpOptions {
  dataDir: string;
  host?: string;
  /** 0 takes one from the kernel; a taken default port moves to the next free one, and the terminal says so. */
  port?: number;
  /** Addresses of ComfyUI servers. */
  workers: readonly string[];
  /** A ComfyUI installation to start and watch. */
  comfyuiDir?: string;
  /** Arguments for that ComfyUI, such as --cpu. */
  comfyuiArgs?: readonly string[];
  /** The configuration file; without it config.yaml in the data folder, which may come later. */
  config?: string;
  /** Given by `up`: simulated workers when there is no real one. */
  simulated?: { count: number; module: SimulatorModule };
  webRoot?: string;
  language: Language;
  /** How a user starts this again, before its arguments; `comfleet up` when it is not given. */
  command?: string;
  /** Prints a line for users. */
  print: (line: string) => void;
  /** Whether the first start runs one example. */
  firstExample?: boolean;
  environment: NodeJS.ProcessEnv;
  /** When the installation ended, ms since the epoch: the first picture is timed from there. */
  installedAtMs?: number;
  signal: AbortSignal;
}
