export type { Edge } from './edge-list.ts';
export { EDGES } from './edge-list.ts';
export type { EdgeResponse } from './edges.ts';
export { loadRecordedEdges, sendEdges } from './edges.ts';
export type { Scenario, ScenarioResult } from './scenarios.ts';
export { listScenarios, runScenario, SCENARIOS } from './scenarios.ts';
export type { HttpLine, Plain, PlainObject, RecordedVersion, TranscriptLine } from './transcript.ts';
export { loadRecording, RECORDED_VERSIONS } from './transcript.ts';
