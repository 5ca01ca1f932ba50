from __future__ import annotations

from fixtures.clusters.engine import Engine
from fixtures.clusters.nodes import EngineNode


def test_a_command_runs_in_the_container_of_the_node() -> None:
    # An engine of which any command prints its own arguments.
    node = EngineNode("node-1", Engine("echo"))
    assert node.run("ps", "-ef") == "exec node-1 ps -ef\n"
    assert node.run("cat", stdin=b"given") == "exec --interactive node-1 cat\n"
    assert node.kubectl("get", "nodes") == (
        "exec node-1 kubectl --kubeconfig=/etc/kubernetes/admin.conf get nodes\n"
    )
