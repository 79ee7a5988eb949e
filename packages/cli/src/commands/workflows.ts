import { resolve } from 'node:path';
import { analyseGraph, type GraphAnalysis, stringifyLosslessJson } from '@comfleet/comfyui';
import {
  type DefinitionProblem,
  type EstimateError,
  type Language,
  type Parameter,
  type ParameterProblem,
  pickLabel,
  type Workflow,
} from '@comfleet/contract';
import { findWorkflow } from '../connection/find-workflow.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import { convertAssignments } from '../parameters/convert-parameter.ts';
import { readGraph } from '../parameters/edit-graph.ts';
import { readGraphFile } from '../parameters/read-graph-file.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

/** `comfleet workflows list`. */
export async function listWorkflows(
  context: CommandContext,
  flags: { readonly type?: string },
): Promise<number> {
  const comfleet = await context.connect();
  const { terminal, texts } = context;
  const listed = await comfleet.workflows.listWithProblems(
    { taskType: flags.type },
    { signal: terminal.signal },
  );
  const { workflows, problems = [] } = listed;
  const toRow = (workflow: Workflow): string[] => [
    workflow.name,
    workflow.task_type,
    workflow.version,
    describeAvailable(workflow, texts),
    toPlainText(pickLabel(workflow.title, context.language)),
  ];
  context.show(listed, () =>
    workflows.length === 0
      ? [texts.say('cli.nothing')]
      : formatTable(texts.heads('workflow', 'type', 'version', 'available', 'title'), workflows.map(toRow)),
  );
  if (!context.isJson) for (const line of describeProblems(problems, context.texts)) terminal.err(line);
  return EXIT.ok;
}

function describeAvailable(workflow: Workflow, { say }: CliTexts): string {
  const { available, missing, missing_texts: texts } = workflow;
  if (available) return say('name.yes');
  return toPlainText(say('cli.unavailable', { missing: texts ?? missing.join(', ') }));
}

function describeProblems(problems: readonly DefinitionProblem[], texts: CliTexts): string[] {
  if (problems.length === 0) return [];
  return [
    texts.say('cli.refused', { count: problems.length }),
    ...problems.map((problem) => `  ${toPlainText(texts.definition(problem))}`),
    texts.say('cli.correct_files'),
  ];
}

/** `comfleet workflows show`: its parameters with limits and defaults. */
export async function showWorkflow(context: CommandContext, name: string): Promise<number> {
  const comfleet = await context.connect();
  const workflow = await findWorkflow(comfleet, name, context.terminal.signal);
  context.show(workflow, () => [
    context.texts.say('cli.workflow', {
      name: workflow.name,
      version: workflow.version,
      type: workflow.task_type,
    }),
    ...describeWorkflow(workflow, context.language),
    ...formatTable(
      context.texts.heads('parameter', 'type', 'required', 'default', 'limits'),
      workflow.parameters.map((parameter) => toParameterRow(parameter, context.texts)),
    ),
  ]);
  return EXIT.ok;
}

/** What its author says of it, in the reader's language where there is more than one. */
function describeWorkflow({ description, descriptions }: Workflow, language: Language): string[] {
  const shown = descriptions ? pickLabel(descriptions, language) : description;
  return shown === null ? [] : [toPlainText(shown)];
}

function toParameterRow(parameter: Parameter, { say, name }: CliTexts): string[] {
  const limits = [
    parameter.min === null ? '' : `≥ ${parameter.min}`,
    parameter.max === null ? '' : `≤ ${parameter.max}`,
    parameter.multiple_of === null ? '' : say('cli.step', { step: parameter.multiple_of }),
    parameter.max_length === null ? '' : say('cli.characters', { characters: parameter.max_length }),
    parameter.options === null ? '' : parameter.options.join(' | '),
  ];
  return [
    parameter.name,
    name('data_type', parameter.data_type),
    say(parameter.required ? 'name.yes' : 'name.no'),
    toPlainText(JSON.stringify(parameter.default_value ?? null)),
    toPlainText(limits.filter((limit) => limit !== '').join(', ')),
  ];
}

/** `comfleet workflows estimates`: median and 90 % of how far off run times and ends were. */
export async function listEstimates(context: CommandContext): Promise<number> {
  const comfleet = await context.connect();
  const { texts } = context;
  const estimates = await comfleet.workflows.estimateErrors({ signal: context.terminal.signal });
  context.show({ estimates }, () =>
    estimates.length === 0
      ? [context.texts.say('cli.nothing')]
      : formatTable(
          texts.heads('workflow', 'type', 'runs', 'run_time_off_by', 'ends', 'end_off_by'),
          estimates.map((estimate) => [
            toPlainText(estimate.workflow ?? '-'),
            toPlainText(estimate.task_type),
            ...toErrorCells(estimate.run_time, texts),
            ...toErrorCells(estimate.end_time, texts),
          ]),
        ),
  );
  return EXIT.ok;
}

function toErrorCells(error: EstimateError['run_time'], { say }: CliTexts): string[] {
  if (error === null) return ['0', '-'];
  const toPercent = (ratio: number) => Math.round(ratio * 100);
  return [
    String(error.samples),
    say('cli.off_by', {
      median: toPercent(error.median_error_ratio),
      most: toPercent(error.p90_error_ratio),
    }),
  ];
}

/** `comfleet workflows validate`: checks values; runs nothing. Status 1 when they are refused. */
export async function validateWorkflow(
  context: CommandContext,
  name: string,
  flags: { readonly param?: readonly string[] },
): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const workflow = await findWorkflow(comfleet, name, signal);
  const parameters = convertAssignments(workflow.parameters, flags.param ?? []);
  const validation = await comfleet.workflows.validate(workflow.name, parameters, { signal });
  context.show(validation, () => [
    ...validation.errors.map((problem) => `✗ ${describeProblem(problem, context.texts)}`),
    ...validation.warnings.map((problem) => `⚠ ${describeProblem(problem, context.texts)}`),
    ...Object.entries(validation.processed).map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
  ]);
  return validation.valid ? EXIT.ok : EXIT.failed;
}

function describeProblem({ parameter, text, message }: ParameterProblem, texts: CliTexts): string {
  return texts.say('cli.at_parameter', { parameter, problem: toPlainText(texts.sent(text, message)) });
}

/** `comfleet workflows analyse FILE`: a graph in words, without a server. */
export async function analyseWorkflowFile(context: CommandContext, file: string): Promise<number> {
  const text = await readGraphFile(resolve(context.terminal.cwd, file));
  const analysis = analyseGraph(readGraph(text));
  if (context.isJson) context.terminal.out(stringifyLosslessJson(analysis));
  else for (const line of describe(analysis, context.texts)) context.terminal.out(line);
  return EXIT.ok;
}

function describe(
  { nodes, connections, inputs, outputs, classCounts }: GraphAnalysis,
  { say, heads, name }: CliTexts,
): string[] {
  return [
    say('cli.graph', { nodes: nodes.length, connections: connections.length, outputs: outputs.length }),
    ...formatTable(
      heads('node', 'class', 'title', 'output'),
      nodes.map((node) => [
        node.nodeId,
        node.classType,
        toPlainText(node.title),
        node.isOutput ? say('name.yes') : '',
      ]),
    ),
    '',
    ...formatTable(
      heads('input', 'type', 'value'),
      inputs.map((input) => [
        `${input.nodeId}.${input.inputName}`,
        name('value_type', input.valueType),
        toPlainText(stringifyLosslessJson(input.value)),
      ]),
    ),
    '',
    ...connections.map((c) => `${c.fromNodeId}[${c.outputIndex}] → ${c.toNodeId}.${c.inputName}`),
    '',
    ...Object.entries(classCounts).map(([name, count]) => `${count} × ${name}`),
  ];
}
