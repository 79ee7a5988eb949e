/** Visits one node: returns the nodes that feed it, and whether it certainly has a problem. */
export interface UpstreamVisitor {
  visit: (nodeId: string) => { links: string[]; isFaulty: boolean };
  /** Node ids from a node back to itself; reported for the first cycles only. */
  onCycle: (path: readonly string[]) => void;
}

/** More causes are of no use to a user; the limit keeps the walk linear. */
const MAX_CAUSES = 8;
/** Each cycle cuts a path out of the stack, which costs its length. */
const MAX_CYCLES = 20;

interface Step {
  nodeId: string;
  links: string[];
  next: number;
  causes: string[];
}

/**
 * Walks depth first from the outputs upstream, each node once, with its own stack, because a chain of 10,000 nodes must not
 * overflow ours. Yields between links. Returns the causes (faulty nodes, at most eight) of each node that cannot run; nodes on a
 * cycle are faulty.
 */
export function* walkUpstream(
  outputs: readonly string[],
  visitor: UpstreamVisitor,
): Generator<void, ReadonlyMap<string, readonly string[]>> {
  const finished = new Map<string, readonly string[]>();
  const open = new Set<string>();
  const stack: Step[] = [];
  let cycles = 0;

  function enter(nodeId: string): void {
    const { links, isFaulty } = visitor.visit(nodeId);
    open.add(nodeId);
    stack.push({ nodeId, links, next: 0, causes: isFaulty ? [nodeId] : [] });
  }

  function follow(step: Step, nodeId: string): void {
    const known = finished.get(nodeId);
    if (known !== undefined) addCauses(step.causes, known);
    else if (open.has(nodeId)) closeCycle(step, nodeId);
    else enter(nodeId);
  }

  function closeCycle(step: Step, nodeId: string): void {
    addCauses(step.causes, [nodeId]);
    cycles += 1;
    if (cycles > MAX_CYCLES) return;
    const path = stack.map((entry) => entry.nodeId);
    visitor.onCycle([...path.slice(path.indexOf(nodeId)), nodeId]);
  }

  for (const outputId of outputs) {
    if (!finished.has(outputId)) enter(outputId);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const link = top.links[top.next];
      if (link !== undefined) {
        top.next += 1;
        follow(top, link);
        yield;
        continue;
      }
      stack.pop();
      open.delete(top.nodeId);
      finished.set(top.nodeId, top.causes);
      const consumer = stack.at(-1);
      if (consumer !== undefined) addCauses(consumer.causes, top.causes);
    }
  }
  return finished;
}

function addCauses(causes: string[], more: readonly string[]): void {
  for (const cause of more) {
    if (causes.length >= MAX_CAUSES) return;
    if (!causes.includes(cause)) causes.push(cause);
  }
}
