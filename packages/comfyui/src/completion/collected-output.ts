import type { OutputKind } from './output-kind.ts';

/** A file on the ComfyUI server, as `/view` names it. Names come from the server: never use them as a path. */
export interface OutputFile {
  filename: string;
  subfolder: string;
  type: 'output' | 'temp' | 'input';
  /** Mime type or format, if the node reported one. */
  format?: string;
}

/**
 * One output of a finished prompt: a file or a text. `index` counts within node and key. `temporary` files vanish at a restart.
 * With both `file` and `text` it is a path that a node reported as text: the file is in output, else in temp (0.33, 5).
 */
export interface CollectedOutput {
  nodeId: string;
  key: string;
  index: number;
  kind: OutputKind;
  temporary: boolean;
  file?: OutputFile;
  text?: string;
}
