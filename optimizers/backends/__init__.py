"""The ways of running a rule. `base.RuleOptimizer` chooses among them by its mode.

eager.py        the rule as it stands, in Python: modes loop, foreach and capturable
c_kernel.py     mode compiled on the CPU: the rule as one C loop over all tensors, built from the next three
c_tracer.py     calls the rule with stand-ins for tensors and notes a C statement for each operation
c_codegen.py    puts the statements into the text of a C function: loops, threads, norms
c_compiler.py   compiles that text to a library, with a cache on disk
inductor.py     mode compiled on other devices: the rule as a graph for torch.compile
"""
