"""The contract as pure data: configuration, encodings, timing, errors. No HDL, nothing of ours.

``tsp.arch.timing`` is not re-exported: RTL must not read it.
"""
