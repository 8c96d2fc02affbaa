"""faster-whisper by itself, as its README shows batched use, with the settings that podwatch has: what podwatch is
laid beside. A process of its own, which says what it heard and what that cost: one JSON object.

    python -m benchmarks.listen.bare MODEL_FOLDER FILE...
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

BATCH, BEAMS = 4, 5  # podwatch's


def main() -> None:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    from benchmarks.listen.worker import cpu_seconds
    from podwatch.speech.recognisers.faster_whisper import default_threads

    folder, *files = sys.argv[1:]
    started = cpu_seconds()
    threads = default_threads()
    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
    pipeline = BatchedInferencePipeline(model)
    loaded = cpu_seconds()
    heard: dict[str, list[Any]] = {}
    for file in files:
        segments, _ = pipeline.transcribe(
            file,
            language="en",
            beam_size=BEAMS,
            batch_size=BATCH,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
            vad_filter=True,
        )
        heard[file] = [(w.start, w.end, w.word) for s in segments for w in s.words or ()]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    costs = {"starting": started, "loading": loaded - started, "all": cpu_seconds(), "peak": peak}
    print(json.dumps(costs | {"heard": heard}))


if __name__ == "__main__":
    main()
