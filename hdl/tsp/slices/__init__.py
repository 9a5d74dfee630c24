"""The functional slices, one folder a kind."""
