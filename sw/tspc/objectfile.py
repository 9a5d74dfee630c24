"""The object file ``.tspo``: a program that any tool can trust.

A file is a header and a payload::

    8 bytes   magic, with bytes that a transfer as text would damage
    4 bytes   format version, little-endian
    8 bytes   length of the payload, little-endian
    32 bytes  SHA-256 over magic, version, length and payload
    payload   CBOR: configuration and its hash, text, plan, fetched text, memory, tensors, bound,
              source map, link table (empty: one chip)

The same program always gives the same bytes. :func:`loads` refuses whatever is not exactly what
:func:`dumps` wrote.
"""

import hashlib
import os
import struct
import tempfile
from pathlib import Path

import cbor2

from tspc.objectdata import MalformedError, from_payload, to_payload
from tspc.program import Program

__all__ = ["MAGIC", "VERSION", "ObjectError", "dumps", "load", "loads", "save", "write_atomically"]

MAGIC = b"\x89TSPO\r\n\x1a"
VERSION = 2  #: changes with the meaning of any byte of header or payload
_HEADER = struct.Struct("<8sIQ32s")
_HASHED = struct.Struct("<8sIQ")


class ObjectError(Exception):
    """A file that is no object file of this version, or no longer what was written.

    Attributes
    ----------
    code
        O0001 .. O0007; :data:`CODES` tells what they mean.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


#: What can be wrong with an object file.
CODES = {
    "O0001": "The file cannot be read.",
    "O0002": "The file is no object file.",
    "O0003": "The file is of another format version.",
    "O0004": "The file is truncated, or something follows its end.",
    "O0005": "The file was altered: its contents and its SHA-256 differ.",
    "O0006": "The contents are no program.",
    "O0007": "The file was made for another configuration or other encodings.",
}


def dumps(program: Program) -> bytes:
    """The bytes of a program's object file."""
    payload = cbor2.dumps(to_payload(program), canonical=True)
    start = _HASHED.pack(MAGIC, VERSION, len(payload))
    return start + hashlib.sha256(start + payload).digest() + payload


def loads(data: bytes) -> Program:
    """Read an object file's bytes.

    Raises
    ------
    ObjectError
        If they are not exactly what :func:`dumps` made, or of another version.
    """
    if data[: len(MAGIC)] != MAGIC[: len(data)] or not data:
        raise ObjectError("O0002", "not a TSP object file (its first bytes are others)")
    if len(data) < _HEADER.size:
        raise ObjectError("O0004", f"truncated: {len(data)} bytes, not even a header")
    _, version, length, digest = _HEADER.unpack_from(data)
    payload = data[_HEADER.size :]
    if version == VERSION and len(payload) != length:
        what = "truncated" if len(payload) < length else "something follows the end"
        raise ObjectError("O0004", f"{what}: {len(payload)} bytes of {length}, or altered")
    if hashlib.sha256(data[: _HASHED.size] + payload).digest() != digest:
        raise ObjectError("O0005", "altered: the contents do not have the SHA-256 of the header")
    if version != VERSION:
        message = f"format version {version}, this tool reads version {VERSION}: make it again"
        raise ObjectError("O0003", message)
    try:
        program = from_payload(cbor2.loads(payload))
    except MalformedError as error:
        raise ObjectError("O0007" if error.configuration else "O0006", str(error)) from None
    except (cbor2.CBORDecodeError, ValueError, RecursionError) as error:
        raise ObjectError("O0006", f"the contents are no CBOR: {error}") from None
    if cbor2.dumps(to_payload(program), canonical=True) != payload:
        raise ObjectError("O0006", "the contents are not in the one form of their program")
    return program


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file whole or not at all: a temporary neighbour, then a rename.

    What is no regular file (``/dev/stdout``) is written directly.
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def save(program: Program, path: str | os.PathLike[str]) -> None:
    """Write a program's object file, whole or not at all."""
    write_atomically(path, dumps(program))


def load(path: str | os.PathLike[str]) -> Program:
    """Read an object file; :class:`ObjectError` if it cannot be read or trusted."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ObjectError("O0001", f"{error.strerror or error}") from None
    return loads(data)
