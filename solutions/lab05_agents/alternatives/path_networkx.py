# /// alternative
# cell = "critical_path_s"
# why = "NetworkX sorts the graph and refuses circles"
# ///
import networkx as nx


def critical_path_s(before, time_s):
    graph = nx.DiGraph()
    graph.add_nodes_from(before)
    graph.add_edges_from((b, t) for t in before for b in before[t])
    if not nx.is_directed_acyclic_graph(graph):
        raise ValueError("a circle")
    end = {}
    for task in nx.topological_sort(graph):
        end[task] = time_s[task] + max((end[b] for b in graph.predecessors(task)), default=0.0)
    return max(end.values())
