"""Assembler and disassembler: ``disassemble(assemble(x)) == x`` for canonical text.

Read ``syntax`` (the grammar as data), ``statement``, ``plan`` (when words issue), ``assembler``.
"""

from tspc.asm.assembler import assemble
from tspc.asm.disassembler import disassemble, format_word
from tspc.asm.plan import resolve_plan

__all__ = ["assemble", "disassemble", "format_word", "resolve_plan"]
