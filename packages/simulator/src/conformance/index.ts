export type { Edge, EdgeAnswer } from './edges.ts';
export { askEdges, EDGES, loadRecordedEdges } from './edges.ts';
export type { Scenario, ScenarioResult } from './scenarios.ts';
export { recordedGraph, runScenario, SCENARIOS } from './scenarios.ts';
export type { HttpLine, Plain, PlainObject, TranscriptLine } from './transcript.ts';
export { loadRecording } from './transcript.ts';
