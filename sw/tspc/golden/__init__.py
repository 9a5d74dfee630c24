"""The golden model: vector-level, bit- and cycle-exact, and stricter than the hardware.

Reading order: ``streams`` (values along the flow), ``queues`` (control flow and barrier),
``slices`` (what the units do), ``numerics`` (arithmetic of the vector unit), ``machine`` (one run),
``simulate`` and ``model`` (programs in, results out). It shares no code with assembler, scheduler
and verifier beyond ``tsp.arch``, the program and the event record: they check each other.
"""
