"""Packs what `make` wrote into the committed set: passages in a fixed order, one compressed file for each split.

python -m benchmarks.sounds_like.pack OUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import zstandard

from benchmarks.sounds_like.dataset import DATA
from benchmarks.sounds_like.names import SPLITS


def pack_splits(out: Path, to: Path = DATA) -> None:
    to.mkdir(exist_ok=True)
    for split in SPLITS:
        rows = [json.loads(line) for line in (out / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]
        rows.sort(key=lambda row: (row["take"], row["recogniser"]))
        text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
        (to / f"{split}.jsonl.zst").write_bytes(zstandard.ZstdCompressor(level=19).compress(text.encode()))
        print(f"{split}: {len(rows)} lines, {(to / f'{split}.jsonl.zst').stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    pack_splits(Path(sys.argv[1]))
