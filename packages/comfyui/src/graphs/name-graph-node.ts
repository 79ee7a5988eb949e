import type { GraphNode } from './graph.ts';

const MAX_CHARACTERS = 200;

/** How users recognise a graph node, apart from its id: its class, and its title if that differs from the class. */
export function nameGraphNode(node: GraphNode | undefined): { class_type?: string; title?: string } {
  if (node === undefined) return {};
  const title: unknown = node._meta?.title;
  const saysMore = typeof title === 'string' && title !== '' && title !== node.class_type;
  return {
    class_type: node.class_type.slice(0, MAX_CHARACTERS),
    ...(saysMore && { title: title.slice(0, MAX_CHARACTERS) }),
  };
}
