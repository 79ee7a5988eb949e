/** One edge case of the protocol, sent as raw text. */
export interface Edge {
  readonly name: string;
  readonly method: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The server may use any order inside the body: its parts are sorted before comparison. */
  readonly isUnordered?: boolean;
}

const EDGE_PROMPT = 'e0000000-0000-4000-8000-000000000001';
const EDGE_NUMBERS = 'e0000000-0000-4000-8000-000000000002';

const EMPTY =
  '"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 7}}';
const SAVE = '"3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "edge", "images": ["1", 0]}}';
const SAMPLER_INPUTS =
  '"steps": 1, "cfg": 7, "sampler_name": "euler", "scheduler": "normal", "denoise": 1, "model": ["4", 0], "positive": ["6", 0], "negative": ["6", 0], "latent_image": ["5", 0]';

function post(name: string, body: string, target = '/prompt'): Edge {
  return { name, method: 'POST', target, body };
}

function graph(name: string, nodes: string, rest = ''): Edge {
  return post(name, `{"prompt": {${nodes}}${rest}}`);
}

function load(name: string, target: string, headers?: Record<string, string>): Edge {
  return { name, method: 'GET', target, ...(headers === undefined ? {} : { headers }) };
}

function emptyImage(inputs: string): string {
  return `"1": {"class_type": "EmptyImage", "inputs": {${inputs}}}`;
}

/** Requests that reveal an inaccurate simulation. */
export const EDGES: readonly Edge[] = [
  post('prompt that is not JSON', '{"prompt": '),
  post('prompt that is empty', ''),
  post('prompt that is an array', '[]'),
  post('prompt that is a number', '5'),
  post('no prompt field', '{"client_id": "x"}'),
  graph('empty graph', ''),
  post('prompt null', '{"prompt": null}'),
  post('prompt is a list', '{"prompt": [1, 2]}'),
  graph('node is a number', '"1": 5'),
  graph('node without class_type', '"1": {"inputs": {}}'),
  graph('class_type null', '"1": {"class_type": null, "inputs": {}}'),
  graph('no output node', EMPTY),
  graph('output node without inputs', '"3": {"class_type": "SaveImage"}'),
  graph(
    'link to a missing node',
    '"3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["9", 0]}}',
  ),
  graph(
    'link with a number id',
    `${EMPTY}, "3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": [1, 0]}}`,
  ),
  graph(
    'link of three',
    `${EMPTY}, "3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["1", 0, 0]}}`,
  ),
  graph(
    'link of a wrong slot',
    `${EMPTY}, "3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["1", 4]}}`,
  ),
  graph(
    'link of a wrong type',
    '"5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}}, "3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["5", 0]}}',
  ),
  graph(
    'upstream misses a link target',
    `"2": {"class_type": "ImageInvert", "inputs": {"image": ["9", 0]}}, "3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["2", 0]}}`,
  ),
  graph('number too small', `${emptyImage('"width": 0, "height": 8, "batch_size": 1, "color": 7')}, ${SAVE}`),
  graph(
    'number too big',
    `${emptyImage('"width": 99999, "height": 8, "batch_size": 1, "color": 7')}, ${SAVE}`,
  ),
  graph(
    'number is a word',
    `${emptyImage('"width": "abc", "height": 8, "batch_size": 1, "color": 7')}, ${SAVE}`,
  ),
  graph(
    'number is null',
    `${emptyImage('"width": null, "height": 8, "batch_size": 1, "color": 7')}, ${SAVE}`,
  ),
  graph(
    'number is an object',
    `${emptyImage('"width": {"a": 1}, "height": 8, "batch_size": 1, "color": 7')}, ${SAVE}`,
  ),
  {
    ...graph(
      'two wrong numbers',
      `${emptyImage('"width": 0, "height": 0, "batch_size": 1, "color": 7')}, ${SAVE}`,
    ),
    isUnordered: true,
  },
  graph(
    'seed above the maximum',
    `"3": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551616, ${SAMPLER_INPUTS}}}, "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "random-a.safetensors"}}, "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}}, "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "x", "clip": ["4", 1]}}, "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}}, "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["8", 0]}}`,
  ),
  graph(
    'choice not in a long list',
    `"3": {"class_type": "KSampler", "inputs": {"seed": 1, ${SAMPLER_INPUTS.replace('"euler"', '"nope"')}}}, "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "random-a.safetensors"}}, "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}}, "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "x", "clip": ["4", 1]}}, "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}}, "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["8", 0]}}`,
  ),
  graph(
    'choice not in a short list',
    `${EMPTY}, "2": {"class_type": "ImageScale", "inputs": {"image": ["1", 0], "upscale_method": "nope", "width": 8, "height": 8, "crop": "disabled"}}, "3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["2", 0]}}`,
  ),
  graph(
    'missing input picture',
    '"1": {"class_type": "LoadImage", "inputs": {"image": "nope.png"}}, "3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["1", 0]}}',
  ),
  graph(
    'two outputs share an error',
    `${emptyImage('"width": 0, "height": 8, "batch_size": 1, "color": 7')}, ${SAVE}, "4": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}`,
  ),
  graph('targets match nothing', `${EMPTY}, ${SAVE}`, ', "partial_execution_targets": ["77"]'),
  graph('number is a word in the body', `${EMPTY}, ${SAVE}`, ', "number": "abc"'),
  graph('extra_data null with a client', `${EMPTY}, ${SAVE}`, ', "extra_data": null, "client_id": "x"'),
  graph('UI format', '"nodes": [], "links": [], "version": 0.4'),
  post('interrupt without a body', '', '/interrupt'),
  post('interrupt with a bad body', '{', '/interrupt'),
  post('interrupt of an unknown id', '{"prompt_id": "nope"}', '/interrupt'),
  post('queue with a bad body', '{', '/queue'),
  post('queue delete of an unknown id', '{"delete": ["nope"]}', '/queue'),
  post('history delete of an unknown id', '{"delete": ["nope"]}', '/history'),
  post('history with a bad body', '', '/history'),
  post('free with nothing', '{}', '/free'),
  post('free with a bad body', '', '/free'),
  post('free everything', '{"unload_models": true, "free_memory": true}', '/free'),
  graph(
    'a prompt that runs',
    `${`${emptyImage('"width": "8", "height": 8.0, "batch_size": 1, "color": 9007199254740993')}`.replace(
      '9007199254740993',
      '7',
    )}, ${SAVE}`,
    `, "prompt_id": "${EDGE_PROMPT}", "number": 5`,
  ),
  post(
    'numbers as Python prints them',
    `{"prompt": {${EMPTY}, "5": {"class_type": "SaveAnimatedPNG", "inputs": {"images": ["1", 0], "filename_prefix": "edge", "fps": 6, "compress_level": 4}}, "9": {"class_type": "EmptyImage", "inputs": {"width": 1.0, "height": 18446744073709551615, "a": 1e3, "b": 1E-7, "c": -0, "d": -0.0, "e": 1.5e300, "f": 123456789012345678, "g": NaN, "h": "\u00e9\ud83d\ude00\u007f/"}}}, "prompt_id": "${EDGE_NUMBERS}", "number": -1.5, "extra_data": {"x": [1.0, 2, null, true]}}`,
  ),
  load('history of an unknown id', '/history/nope'),
  load('history with a bad number', '/history?max_items=abc'),
  load('queue with a trailing slash', '/queue/'),
  load('unknown path', '/nope'),
  load('internal below /api', '/api/internal/logs'),
  load('prompt below /api', '/api/prompt'),
  { name: 'wrong method', method: 'DELETE', target: '/prompt' },
  { name: 'OPTIONS', method: 'OPTIONS', target: '/prompt' },
  load('plain GET of the socket', '/ws'),
  load('unknown class', '/object_info/Nope'),
  load('models of an unknown folder', '/models/nope'),
  load('legacy model folder', '/models/unet'),
  load('model folders', '/models'),
  load('features', '/features'),
  load('view without a name', '/view'),
  load('view of an empty name', '/view?filename='),
  load('view of a bad type', '/view?filename=a.png&type=nope'),
  load('view of a parent', '/view?filename=..%2Fa.png'),
  load('view out of the folder', '/view?filename=a.png&subfolder=..%2F..'),
  load('view of an absent file', '/view?filename=absent.png'),
  load('view with a folder in the name', '/view?filename=s%2Ft%2Fabsent.png'),
  load('view of an annotated name', '/view?filename=absent.png%20[temp]&type=nope'),
  load('internal files of a bad kind', '/internal/files/nope'),
  load('a foreign origin', '/prompt', { Origin: 'https://gateway.example' }),
  load('the null origin', '/prompt', { Origin: 'null' }),
  load('localhost as origin', '/prompt', { Origin: 'http://localhost' }),
  load('a public host', '/prompt', { Host: 'gateway.example', Origin: 'https://elsewhere.example' }),
  load('a range at the start', '/view?filename=edge_00001_.png', { Range: 'bytes=0-3' }),
  load('a range at the end', '/view?filename=edge_00001_.png', { Range: 'bytes=-5' }),
  load('a range out of the file', '/view?filename=edge_00001_.png', { Range: 'bytes=99999-' }),
  load('the alpha channel', '/view?filename=edge_00001_.png&channel=a'),
  load('a file through an annotated name', '/view?filename=edge_00001_.png%20[output]&type=input'),
  load('history of the prompt that ran', `/history/${EDGE_PROMPT}`),
  load('history with those numbers', `/history/${EDGE_NUMBERS}`),
  load('the newest history', '/history?max_items=1'),
  load('history far beyond its end', '/history?max_items=1&offset=99999'),
  load('an unknown setting', '/settings/nope'),
  load('userdata without dir', '/userdata'),
  load('userdata of an absent dir', '/userdata?dir=nope'),
  load('an absent user file', '/userdata/nope.json'),
];
