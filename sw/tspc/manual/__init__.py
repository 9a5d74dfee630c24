"""The instruction manual: one page an instruction, with programs that run as tests.

``icu``, ``mem``, ``mxm``, ``vxm``, ``sxm`` and ``c2c`` hold what is said of each; encodings and
whether the chip has it come from ``tsp.arch``, delays from the timing table, the definition from
the golden model. ``render`` writes the pages (``python -m tspc.docs``).
"""

from tspc.manual import c2c, icu, mem, mxm, sxm, vxm
from tspc.manual.page import Example, Page

__all__ = ["PAGES", "Example", "Page"]

#: Every page by its name, in the order of the manual.
PAGES = {page.name: page for module in (icu, mem, mxm, vxm, sxm, c2c) for page in module.PAGES}
