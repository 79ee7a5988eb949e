import { findGraphNode, type Graph, type GraphNode } from './graph.ts';
import { findNodeInfo, isUploadInput, type ObjectInfo, readInputSpecs } from './object-info.ts';

/** An input that names a file on the server: upload it first, then write the returned name here. */
export interface FileInput {
  nodeId: string;
  inputName: string;
  classType: string;
  /** The value as written, possibly `subfolder/name [input]`. */
  value: string;
  filename: string;
  subfolder: string;
  type: 'input' | 'output' | 'temp';
}

/** What a graph needs of a worker, whatever that worker offers, and what it returns. */
export interface Requirements {
  classTypes: string[];
  fileInputs: FileInput[];
  /** Without object_info recognised by class name (Save…, Preview…). */
  outputNodeIds: string[];
}

const FILE_INPUTS = new Set([
  'LoadImage.image',
  'LoadImageMask.image',
  'LoadImageOutput.image',
  'LoadAudio.audio',
  'LoadVideo.file',
  'LoadLatent.latent',
  'Load3D.model_file',
  'Load3DAnimation.model_file',
  'VHS_LoadVideo.video',
  'VHS_LoadAudioUpload.audio',
]);
const OUTPUT_CLASS = /^(Save|Preview)|^VHS_VideoCombine$/;

/** Reads what a graph needs: classes, uploaded files, output nodes. Its choices from lists: `readChoices`. */
export function readRequirements(graph: Graph, objectInfo?: ObjectInfo): Requirements {
  return {
    classTypes: listClassTypes(graph),
    fileInputs: listFileInputs(graph, objectInfo),
    outputNodeIds: listOutputNodes(graph, objectInfo),
  };
}

/** The classes of all nodes, each once, sorted. */
export function listClassTypes(graph: Graph): string[] {
  return [...new Set(Object.values(graph).map((node) => node.class_type))].sort();
}

/** The ids of the nodes that return results, according to `isOutputNode`. */
export function listOutputNodes(graph: Graph, objectInfo?: ObjectInfo): string[] {
  return Object.keys(graph).filter((id) => isOutputNode(graph, id, objectInfo));
}

/** The inputs that name an uploaded file: as the server reports for its classes, and those of well-known loaders. */
export function listFileInputs(graph: Graph, objectInfo?: ObjectInfo): FileInput[] {
  const uploads = new Map<string, ReadonlySet<string>>();
  return Object.entries(graph).flatMap(([nodeId, node]) => {
    const { class_type: classType } = node;
    const known = uploads.get(classType) ?? readUploadInputs(classType, objectInfo);
    uploads.set(classType, known);
    return readFileInputs(nodeId, node, known);
  });
}

/** True when the graph node returns results: as the server reports, else by its class name. */
export function isOutputNode(graph: Graph, nodeId: string, objectInfo?: ObjectInfo): boolean {
  const node = findGraphNode(graph, nodeId);
  if (node === undefined) return false;
  const info = objectInfo && findNodeInfo(objectInfo, node.class_type);
  return info === undefined ? OUTPUT_CLASS.test(node.class_type) : info.output_node === true;
}

function readUploadInputs(classType: string, objectInfo: ObjectInfo | undefined): ReadonlySet<string> {
  const info = objectInfo && findNodeInfo(objectInfo, classType);
  const specs = info === undefined ? [] : readInputSpecs(info).filter(isUploadInput);
  return new Set(specs.map((spec) => spec.name));
}

function readFileInputs(nodeId: string, node: GraphNode, uploads: ReadonlySet<string>): FileInput[] {
  return Object.entries(node.inputs).flatMap(([inputName, value]) => {
    if (typeof value !== 'string' || value === '') return [];
    if (!uploads.has(inputName) && !isFileInput(node.class_type, inputName)) return [];
    return [
      { nodeId, inputName, classType: node.class_type, value, ...splitFileName(value, node.class_type) },
    ];
  });
}

/** True for the inputs of known loaders that name an uploaded file. */
export function isFileInput(classType: string, inputName: string): boolean {
  return FILE_INPUTS.has(`${classType}.${inputName}`);
}

function splitFileName(value: string, classType: string): Pick<FileInput, 'filename' | 'subfolder' | 'type'> {
  const annotated = /^(.*) \[(input|output|temp)\]$/.exec(value);
  const path = (annotated?.[1] ?? value).replaceAll('\\', '/');
  const written = annotated?.[2];
  const standard = classType === 'LoadImageOutput' ? 'output' : 'input';
  const type = written === 'input' || written === 'output' || written === 'temp' ? written : standard;
  const slash = path.lastIndexOf('/');
  return { filename: path.slice(slash + 1), subfolder: slash === -1 ? '' : path.slice(0, slash), type };
}
