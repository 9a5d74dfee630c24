"""The instruction control unit: queues, burst expansion, barrier, strip.

A chip has one *strip* of P stops along its south edge. Each stop holds the instruction queues of
the units that stand there and one node of the barrier. Reading order: :mod:`~tsp.icu.predecode`
(what a word means to its queue), :mod:`~tsp.icu.text` (the buffer and the look-ahead),
:mod:`~tsp.icu.queue` (issue), :mod:`~tsp.icu.burst` (MEM's ports), :mod:`~tsp.icu.barrier`,
:mod:`~tsp.icu.strip`.
"""
