export type { Edge, EdgeAnswer } from './edges.ts';
export { askEdges, EDGES, loadRecordedEdges } from './edges.ts';
export type { Scenario, ScenarioResult } from './scenarios.ts';
export { recordedGraph, runScenario, SCENARIOS } from './scenarios.ts';
