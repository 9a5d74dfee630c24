"""Functional units of the golden model: one file a kind of slice."""
