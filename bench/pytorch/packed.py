"""JSON files compressed with Brotli. Node does it, since Python's own library cannot."""

import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "test" / "fixtures"
SCRIPT = """
const { constants, brotliCompressSync } = require('node:zlib');
const text = require('node:fs').readFileSync(0);
const params = {
  [constants.BROTLI_PARAM_LGWIN]: 24,
  [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
};
process.stdout.write(brotliCompressSync(text, { params }));
"""


def write_packed(name: str, text: str) -> Path:
    """Writes test/fixtures/<name>.json.br, at the highest quality. Returns its path."""
    path = FOLDER / f"{name}.json.br"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(subprocess.run(["node", "-e", SCRIPT], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout)
    return path
