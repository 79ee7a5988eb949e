import { type Graph, startTimeSlice } from '@comfleet/comfyui';
import { type Policy, type PolicyTested, parseId, type TestPolicy } from '@comfleet/contract';
import { toWorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import type { WorkerRegistry } from '../../fleet/workers/registry.ts';
import type { Database } from '../../platform/database/database.ts';
import { recordError } from '../../platform/errors/app-error.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { listPrincipalRows, readPrincipal } from '../identity/principal-statements.ts';
import { findProject, findProjectByName } from '../projects/project-statements.ts';
import type { ProjectTables } from '../projects/project-tables.ts';
import { describeRefusal } from './describe-refusal.ts';
import type { GraphPolicies } from './graph-policies.ts';
import type { PolicyRule, SubjectProject } from './rule.ts';
import { type Owner, subjectOf } from './subjects.ts';

/** What doors may ask about the rules for graphs. */
export interface PolicyCalls {
  /** The rules in force, built-in ones first. */
  list(): Policy[];
  /** Says whether a graph would be refused, and by which rules. Throws as the submission of a graph that is none. */
  test(asked: TestPolicy): Promise<PolicyTested>;
}

interface Deps {
  policies: GraphPolicies;
  database: Database<ProjectTables>;
  fleet: Pick<WorkerRegistry, 'knownInventories'>;
  clock: Clock;
  /** Parses a graph as a submission does. */
  parse: (written: unknown) => Graph;
  /** The configuration file; null if there is none. */
  file: string | null;
  maxProblems: () => number;
}

export function createPolicyCalls(deps: Deps): PolicyCalls {
  const { policies, clock } = deps;
  return {
    list: () => {
      const rules = policies.rules();
      const builtIn = rules.filter(({ isBuiltIn }) => isBuiltIn).length;
      return rules.map((rule, index) => describeRule(rule, deps.file, index - builtIn));
    },
    test: async ({ graph: written, workflow_name: workflow = null, role, client, project }) => {
      const graph = deps.parse(written);
      const owner = await findOwner(deps.database, client);
      const subject = {
        ...owner,
        role: role ?? owner.role,
        project: project === undefined ? null : await findProjectNamed(deps.database, project),
      };
      const kinds = deps.fleet.knownInventories().map((one) => [toWorkerKind(one).id, one] as const);
      const servers = [...new Map(kinds).values()];
      const slice = startTimeSlice(clock);
      const asked = { workflow, graph, servers, maxProblems: deps.maxProblems(), slice };
      const { problems, count } = await policies.test(subject, asked);
      const error =
        count === 0 ? null : recordError('POLICY_REFUSED', describeRefusal(problems, { graph, count }));
      return { role: subject.role, error };
    },
  };
}

function describeRule(rule: PolicyRule, file: string | null, index: number): Policy {
  const { roles, projects, clients } = rule.for;
  const { nodes, models, workflows, apiNodes } = rule.deny;
  return {
    name: rule.name,
    origin: rule.isBuiltIn ? 'built_in' : 'configuration',
    file: rule.isBuiltIn ? null : file,
    key: rule.isBuiltIn ? null : `policies.${index}`,
    for: {
      roles: roles && [...roles],
      projects: projects && [...projects],
      clients: clients && [...clients],
    },
    deny: { nodes: [...nodes], models: [...models], workflows: [...workflows], api_nodes: apiNodes },
    allow: {
      nodes: rule.allow.nodes && [...rule.allow.nodes],
      models: rule.allow.models && [...rule.allow.models],
      workflows: rule.allow.workflows && [...rule.allow.workflows],
    },
    max: { ...rule.max },
    lift: { nodes: [...rule.lift.nodes] },
  };
}

const MAX_SEARCHED = 10_000;

/** The client or user with this id or name; else a member who is called so. */
async function findOwner(database: Database<ProjectTables>, wanted: string | undefined): Promise<Owner> {
  const unknown: Owner = { role: 'member', id: wanted ?? '', name: wanted ?? '' };
  if (wanted === undefined) return unknown;
  for (const kind of ['client', 'user'] as const) {
    const rows = await listPrincipalRows(database, kind, MAX_SEARCHED);
    const found = rows.find(({ id, name }) => id === wanted || name === wanted);
    if (found) return subjectOf(readPrincipal(found));
  }
  return unknown;
}

/** The project with this id or name, the newest of several; else one that is called so. */
async function findProjectNamed(database: Database<ProjectTables>, wanted: string): Promise<SubjectProject> {
  const id = parseId<'project'>(wanted);
  const row = id === null ? await findProjectByName(database, wanted) : await findProject(database, id);
  return row === null ? { id: wanted, name: wanted } : { id: row.id, name: row.name };
}
