import { posix } from 'node:path';
import { readAnnotatedName } from '../files/annotated-name.ts';
import type { FolderName } from '../files/file-store.ts';
import { encodePng } from '../images/png.ts';
import { readPng } from '../images/read-png.ts';
import { isObject, parseJson } from '../json/lossless-json.ts';
import { type FormPart, readMultipart } from './multipart.ts';
import { HandlerRaised, type Reply, replyEmpty, replyJson, type SimRequest } from './reply.ts';
import { type Route, route, type ServerState } from './server-state.ts';

type SaveUpload = (image: FormPart, fields: ReadonlyMap<string, string>) => Buffer | undefined;

function readType(text: string | undefined): FolderName {
  if (text === undefined || text === 'input') return 'input';
  if (text === 'temp' || text === 'output') return text;
  throw new HandlerRaised(`local variable 'type_dir' referenced before assignment (${text})`);
}

/** A path below a folder; undefined if it points outside. */
function joinInside(subfolder: string, name: string): string | undefined {
  const full = posix.resolve('/root', posix.normalize(subfolder === '' ? '.' : subfolder), name);
  return full === '/root' || !full.startsWith('/root/') ? undefined : full.slice('/root/'.length);
}

function handleUpload(request: SimRequest, state: ServerState, save: SaveUpload): Reply {
  const parts = readMultipart(request.headers['content-type'], request.body) ?? [];
  const fields = new Map(
    parts
      .filter((part) => part.filename === undefined)
      .map((part) => [part.name, part.bytes.toString('utf8')]),
  );
  const folder = readType(fields.get('type'));
  const image = parts.find((part) => part.name === 'image' && part.filename !== undefined);
  if (image?.filename === undefined || image.filename === '') return replyEmpty(400);
  const subfolder = fields.get('subfolder') ?? '';
  if (joinInside(subfolder, image.filename) === undefined) return replyEmpty(400);
  const overwrite = fields.get('overwrite') === 'true' || fields.get('overwrite') === '1';
  const choice = chooseName(state, {
    folder,
    subfolder,
    filename: image.filename,
    bytes: image.bytes,
    overwrite,
  });
  if (!choice.isSame) {
    const bytes = save(image, fields);
    if (bytes !== undefined) state.files.write(folder, choice.path, bytes);
  }
  state.ledger.append('upload', { folder, path: choice.path, bytes: image.bytes.length });
  return replyJson({ name: choice.filename, subfolder, type: folder });
}

interface Upload {
  readonly folder: FolderName;
  readonly subfolder: string;
  readonly filename: string;
  readonly bytes: Buffer;
  readonly overwrite: boolean;
}

/** `in.png`, or `in (1).png` if a file with other bytes has the name; equal bytes are not written again. */
function chooseName(state: ServerState, upload: Upload): { filename: string; path: string; isSame: boolean } {
  const extension = posix.extname(upload.filename);
  const stem = upload.filename.slice(0, upload.filename.length - extension.length);
  let { filename } = upload;
  let path = joinInside(upload.subfolder, filename) ?? filename;
  for (let index = 1; !upload.overwrite; index += 1) {
    const known = state.files.read(upload.folder, path);
    if (known === undefined) break;
    if (known.bytes.equals(upload.bytes)) return { filename, path, isSame: true };
    filename = `${stem} (${index})${extension}`;
    path = joinInside(upload.subfolder, filename) ?? filename;
  }
  return { filename, path, isSame: false };
}

/** The file that `original_ref` names, if it exists. */
function findOriginal(state: ServerState, originalRef: string): Buffer | undefined {
  const reference = parseJson(originalRef);
  if (!isObject(reference)) throw new HandlerRaised('original_ref is not an object');
  const filename = reference.get('filename');
  if (typeof filename !== 'string') throw new HandlerRaised("KeyError: 'filename'");
  const { path, folder } = readAnnotatedName(filename);
  const type = reference.get('type');
  const subfolder = reference.get('subfolder');
  const inside = joinInside(typeof subfolder === 'string' ? subfolder : '', path);
  const where = folder ?? (type === 'input' || type === 'temp' ? type : 'output');
  return inside === undefined ? undefined : state.files.read(where, inside)?.bytes;
}

/** Applies the alpha channel of an uploaded mask to the original it names; undefined if there is no original. */
function mergeMask(original: Buffer | undefined, mask: FormPart): Buffer | undefined {
  const picture = original === undefined ? undefined : readPng(original);
  const alpha = readPng(mask.bytes);
  if (picture === undefined || alpha === undefined) return undefined;
  const data = Uint8Array.from(picture.data);
  for (let i = 3; i < data.length; i += 4) data[i] = alpha.data[i] ?? 255;
  return encodePng({ width: picture.width, height: picture.height, channels: 4, data });
}

/** Uploads (protocol 7.1 and 7.2). */
export const UPLOAD_ROUTES: readonly Route[] = [
  route('POST', '/upload/image', (request, state) => handleUpload(request, state, (image) => image.bytes)),
  route('POST', '/upload/mask', (request, state) =>
    handleUpload(request, state, (image, fields) =>
      mergeMask(findOriginal(state, fields.get('original_ref') ?? ''), image),
    ),
  ),
];
