"""``python -m verif.kernels --write [KERNEL ...]``: measure docs/kernels.md anew."""

import argparse

from verif.kernels.table import write

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m verif.kernels", description=__doc__)
    parser.add_argument("--write", action="store_true", required=True, help="write the page")
    parser.add_argument("kernels", nargs="*", help="only these")
    write(parser.parse_args().kernels)
