import type { Role } from '@comfleet/contract';

/** Numbers of a graph that a rule can limit. */
export const LIMITS = ['width', 'height', 'pixels', 'batch_size', 'frames', 'steps'] as const;
export type LimitName = (typeof LIMITS)[number];

/** Patterns: `*` is any text, `?` one character. */
export type Patterns = readonly string[];

/** One named rule. Null: the rule does not look at it. */
export interface PolicyRule {
  readonly name: string;
  /** True for the rules that come with Comfleet. */
  readonly isBuiltIn: boolean;
  /** Whom it binds: every condition that is not null must hold. */
  readonly for: {
    readonly roles: readonly Role[] | null;
    readonly projects: Patterns | null;
    readonly clients: Patterns | null;
  };
  readonly deny: {
    readonly nodes: Patterns;
    readonly models: Patterns;
    readonly workflows: Patterns;
    /** Node classes that a worker declares to call a service on the internet (`api_node`). */
    readonly apiNodes: boolean;
  };
  /** Only what is listed; an empty list allows nothing. */
  readonly allow: {
    readonly nodes: Patterns | null;
    readonly models: Patterns | null;
    readonly workflows: Patterns | null;
  };
  readonly max: Readonly<Partial<Record<LimitName, number>>>;
  /** Node classes that the built-in rules do not bind, for those whom this rule is for. */
  readonly lift: { readonly nodes: Patterns };
}

/** Who owns a task, as rules see it. */
export interface Subject {
  readonly role: Role;
  /** Id and name of the client or user. */
  readonly id: string;
  readonly name: string;
  readonly project: SubjectProject | null;
}

/** The project of a task, as rules see it. */
export interface SubjectProject {
  readonly id: string;
  readonly name: string;
}

const NOTHING = { nodes: [], models: [], workflows: [], apiNodes: false };
const ANYTHING = { nodes: null, models: null, workflows: null };

function denyNodes(name: string, deny: { nodes: Patterns; apiNodes?: boolean }): PolicyRule {
  return {
    name,
    isBuiltIn: true,
    // An administrator can change the rules, and owns a single machine: these do not bind administrators.
    for: { roles: ['operator', 'member', 'viewer'], projects: null, clients: null },
    deny: { ...NOTHING, ...deny },
    allow: ANYTHING,
    max: {},
    lift: { nodes: [] },
  };
}

/**
 * The rules that hold without any in the file. No worker declares which of its classes run code, so the names of known ones are
 * listed; classes that reach the network are declared by `api_node`, or listed too.
 */
export const BUILT_IN_RULES: readonly PolicyRule[] = [
  denyNodes('runs-code', {
    nodes: [
      ...['*Python*', '*JavaScript*', '*Shell*Command*', '*CodeExec*', 'IDENode', 'AnyNode*'],
      ...['Eval', '*SRL*Eval'],
    ],
  }),
  denyNodes('reaches-network', {
    apiNodes: true,
    nodes: ['HTTP*', '*Http*Request*', '*From*URL*', '*Webhook*'],
  }),
];

/** True for a rule that binds this owner. Case of names does not matter. */
export function bindsSubject({ for: whom }: PolicyRule, subject: Subject): boolean {
  const { roles, projects, clients } = whom;
  if (roles !== null && !roles.includes(subject.role)) return false;
  const { id, name, project } = subject;
  if (clients !== null && !matchesAny(clients, name) && !matchesAny(clients, id)) return false;
  if (projects === null) return true;
  return project !== null && (matchesAny(projects, project.name) || matchesAny(projects, project.id));
}

/** True for a rule whose `lift` is for this owner. Whoever creates a project chooses its name, so only its id permits more. */
export function liftsFor(rule: PolicyRule, subject: Subject): boolean {
  const { project } = subject;
  return bindsSubject(rule, { ...subject, project: project && { id: project.id, name: project.id } });
}

/** True if one of the patterns matches the whole text, whatever its case. */
export function matchesAny(patterns: Patterns, text: string): boolean {
  return patterns.length > 0 && matchesExactly(patterns.map(fold), fold(text));
}

/** The same, where upper and lower case differ. */
export function matchesExactly(patterns: Patterns, text: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, text));
}

function fold(text: string): string {
  return text.toLowerCase();
}

/** Takes time in proportion to both lengths, whatever the pattern: the text comes from a request. */
function matchesPattern(pattern: string, text: string): boolean {
  let [at, star, resumeAt] = [0, -1, 0];
  for (let index = 0; index < text.length; ) {
    const expected = pattern[at];
    if (expected === '*') [star, resumeAt, at] = [at, index, at + 1];
    else if (expected === '?' || expected === text[index]) [index, at] = [index + 1, at + 1];
    else if (star < 0) return false;
    else [resumeAt, index, at] = [resumeAt + 1, resumeAt + 1, star + 1];
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
