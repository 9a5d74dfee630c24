"""The viewer: a program's plan, and a record of what happened, as one HTML file of its own.

:func:`page` is all there is to call. ``columns`` packs numbers, ``flow`` follows values along the
streams, ``differences`` sets plan against record, ``model`` puts a page's numbers together, and
``page/`` holds what a browser makes of them.
"""

from tspc.view.build import page
from tspc.view.model import Model, model

__all__ = ["Model", "model", "page"]
