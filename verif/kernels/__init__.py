"""Kernels against NumPy, three ways, and against their lower bounds.

``python -m verif.kernels --write`` (``make kernels``) measures docs/kernels.md anew.
"""
