import type { OutputKind } from './output-kind.ts';

/** A file on the ComfyUI server as `/view` wants it named. Names come from the server: never use them as a path. */
export interface OutputFile {
  filename: string;
  subfolder: string;
  type: 'output' | 'temp' | 'input';
  /** Mime type or format told by the node, when it did. */
  format?: string;
}

/**
 * One output of a finished prompt: a file or a text. `index` counts within node and key. `temporary` files vanish at restart.
 * With `file` and `text` both, it is a path that a node told as a text: the file lies in output, else in temp (0.33, 5).
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
