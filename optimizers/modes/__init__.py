"""The ways of running a rule: as it stands (eager), as C (kernel, statements, toolchain), as a graph (graph)."""
