"""The zero-difference contract bites: measured delays, altered tables, mutants of the RTL."""
