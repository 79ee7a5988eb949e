import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { EDGES, type Edge } from './edge-list.ts';
import { waitUntilIdle } from './idle.ts';
import { type RecordedVersion, recordingUrl } from './transcript.ts';

/** The response, without ids, tracebacks and facts of this server. */
export interface EdgeResponse {
  readonly name: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Sends the edges one after another and returns the answers, normalised. */
export async function sendEdges(baseUrl: string): Promise<EdgeResponse[]> {
  const responses: EdgeResponse[] = [];
  for (const edge of EDGES) {
    // Requests about results need the prompts before them to have ended; a waiting prompt could be overtaken by the next.
    await waitUntilIdle(baseUrl);
    responses.push(await send(baseUrl, edge));
  }
  return responses;
}

/** The answers of a real ComfyUI of this version. */
export function loadRecordedEdges(version: RecordedVersion): EdgeResponse[] {
  return JSON.parse(readFileSync(recordingUrl(version, 'edges.json'), 'utf8')) as EdgeResponse[];
}

function isText(contentType: string | undefined): boolean {
  return contentType !== undefined && /json|text/.test(contentType);
}

function send(baseUrl: string, edge: Edge): Promise<EdgeResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(baseUrl + edge.target),
      { method: edge.method, headers: { ...edge.headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          resolve({
            name: edge.name,
            status: response.statusCode ?? 0,
            contentType: chunks.length === 0 ? '' : (response.headers['content-type'] ?? ''),
            body: isText(response.headers['content-type'])
              ? cleanBody(
                  Buffer.concat(chunks).toString('utf8'),
                  edge.isUnordered === true ? 'sorted' : 'as it is',
                )
              : '',
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(edge.body);
  });
}

/** Removes what is specific to one server: ids, counters, times, tracebacks, cached nodes; keeps every other character. */
function cleanBody(text: string, order: 'sorted' | 'as it is'): string {
  const cleaned = text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/"traceback": \[(?:"(?:[^"\\]|\\.)*"(?:, )?)*\]/g, '"traceback": []')
    .replace(
      /"dependent_outputs": \[([^\]]*)\]/g,
      (_, ids: string) => `"dependent_outputs": [${ids.split(', ').sort().join(', ')}]`,
    )
    .replace(/_\d{5}_\./g, '_<n>_.')
    .replace(/"(timestamp|create_time)": \d+/g, '"$1": 0')
    .replace(/"queue_remaining": \d+/, '"queue_remaining": 0')
    .replace(/"number": \d+,/, '"number": <n>,')
    .replace(/("execution_cached", \{"nodes": )\[[^\]]*\]/g, '$1[]');
  return order === 'sorted'
    ? cleaned
        .split(/[[\]{},] */)
        .sort()
        .join(', ')
    : cleaned;
}
