"""Tells which nodes of graphs a ComfyUI could not even call: binds what it would pass to the parameters of the node's function.

Usage: failing_calls.py REPOSITORY BASE_DIRECTORY GRAPHS.json > ANSWER.json; GRAPHS is a list of graphs, ANSWER a list of lists of node ids.
"""

import asyncio
import inspect
import json
import sys

repository, base_directory, graphs_file = sys.argv[1:]
sys.path.insert(0, repository)
sys.argv = ["main.py", "--cpu", "--base-directory", base_directory, "--database-url", "sqlite:///:memory:"]

import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()

import execution  # noqa: E402
import nodes  # noqa: E402
from comfy_api.internal import _ComfyNodeInternal  # noqa: E402
from comfy_api.latest import _io  # noqa: E402
from server import PromptServer  # noqa: E402


class AnyResult:
    """Stands for every output that a link may lead to."""

    outputs = [[None]] * 100


class AllDone:
    """An execution list in which every node has run."""

    def get_cache(self, _source, _target):
        return AnyResult


def can_call(node):
    cls = nodes.NODE_CLASS_MAPPINGS[node["class_type"]]
    try:
        data, _missing, v3_data = execution.get_input_data(node["inputs"], cls, "1", execution_list=AllDone())[:3]
        values = {name: listed[0] for name, listed in data.items()}
        if issubclass(cls, _ComfyNodeInternal):
            values = _io.build_nested_inputs(values, v3_data)
            inspect.signature(cls.execute).bind(**values)
        else:
            inspect.signature(getattr(cls(), cls.FUNCTION)).bind(**values)
    except TypeError:
        return False
    return True


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
PromptServer(loop)
loop.run_until_complete(nodes.init_extra_nodes(init_custom_nodes=True, init_api_nodes=True))
with open(graphs_file, encoding="utf-8") as file:
    graphs = json.load(file)
answer = [
    [node_id for node_id, node in graph.items() if "inputs" in node and node.get("class_type") in nodes.NODE_CLASS_MAPPINGS and not can_call(node)]
    for graph in graphs
]
sys.stdout.write("\n" + json.dumps(answer) + "\n")
