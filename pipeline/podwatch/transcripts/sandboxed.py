"""Reads a stranger's transcript in a sandbox: there it is parsed, labelled, packed, and comes back ready to be kept.

That bounds what a document may cost, and puts the second core to work: fetching is bound by parsing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from podwatch.errors import TranscriptError
from podwatch.model import Transcript
from podwatch.sandbox.pool import Sandbox, SandboxError, shared_sandbox
from podwatch.store.packing import pack
from podwatch.transcripts.formats import parse_transcript
from podwatch.transcripts.labels import boilerplate
from podwatch.transcripts.labels.passages import Passage, make_disjoint
from podwatch.transcripts.language import decide_language


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedTranscript:
    """A transcript as it is kept. body: see packing.py; labels: see boilerplate.py. digest: equal for equal talk.

    media_type: the format, and how the bytes were read where they were no UTF-8: see Columns.media_type.
    """

    media_type: str
    language: str | None
    characters: int
    segments: int
    digest: str
    body: bytes
    labels: bytes


def pack_transcript(t: Transcript, declared: str | None, phantoms: Sequence[Passage] = ()) -> PackedTranscript:
    """A parsed transcript with its language and its labels, packed. phantoms: what a recogniser made up in it."""
    body, digest = pack(t.text, t.offsets, t.starts, t.ends, t.speakers, t.words)
    return PackedTranscript(
        media_type=t.media_type,
        language=decide_language(declared or t.language, t.text).code,
        characters=len(t.text),
        segments=len(t),
        digest=digest,
        body=body,
        labels=boilerplate.pack_labels(
            make_disjoint([*phantoms, *boilerplate.label_passages(t)], t.text), boilerplate.select_shingles(t)
        ),
    )


def read_transcript(
    body: bytes, *, media_type: str = "", name: str = "", declared: str | None = None, sandbox: Sandbox | None = None
) -> PackedTranscript:
    """The transcript in ``body``, read in a sandbox; raises TranscriptError, also when it costs too much.

    media_type, name: what the server and the address say. declared: the language that the feed says.
    """
    job = {"media_type": media_type, "name": name, "declared": declared or ""}
    try:
        answer = (sandbox or shared_sandbox()).run("transcript", job, [body], cpu_budget(len(body)))
    except SandboxError as e:
        raise TranscriptError(e.what) from None
    cut = answer.index(b"\n")
    fields: dict[str, Any] = orjson.loads(answer[:cut])
    middle = cut + 1 + fields.pop("size")
    return PackedTranscript(**fields, body=answer[cut + 1 : middle], labels=answer[middle:])


def was_saturated() -> bool:
    """Whether transcripts had to wait for a worker of this process since this was asked last."""
    return shared_sandbox().was_saturated()


def cpu_budget(size: int) -> float:
    """CPU seconds that a document of ``size`` bytes may take: many times what an honest one does."""
    return min(60.0, 5.0 + size / 1_000_000)


def run_job(body: bytes, job: dict[str, Any], started: float) -> bytes:
    """For a sandbox's worker: a line of JSON, the packed transcript, its labels."""
    kind, columns = parse_transcript(body, job["media_type"], job["name"], language=job["declared"])
    r = pack_transcript(columns.transcript(media_type=columns.media_type(kind)), job["declared"] or None)
    fields = {
        "media_type": r.media_type,
        "language": r.language,
        "characters": r.characters,
        "segments": r.segments,
        "digest": r.digest,
        "size": len(r.body),
    }
    return b"".join((orjson.dumps(fields), b"\n", r.body, r.labels))
