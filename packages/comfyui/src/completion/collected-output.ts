/** What an output is, told by extension and format, not by the key it stands under (ComfyUI keeps videos under `images`). */
export type OutputKind = 'image' | 'video' | 'audio' | 'text' | 'file' | 'latent';

/** A file on the ComfyUI server as `/view` wants it named. Names come from the server: never use them as a path. */
export interface OutputFile {
  filename: string;
  subfolder: string;
  type: 'output' | 'temp' | 'input';
  /** Mime type or format told by the node, when it did. */
  format?: string;
}

/** One output of a finished prompt: a file or a text. `index` counts within node and key. `temporary` files vanish at restart. */
export interface CollectedOutput {
  nodeId: string;
  key: string;
  index: number;
  kind: OutputKind;
  temporary: boolean;
  file?: OutputFile;
  text?: string;
}
