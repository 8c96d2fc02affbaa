"""How many examples a property test runs: few by default, all of them where HYPOTHESIS_PROFILE=ci (as .ci/run sets it).

No deadline in either: how long an example takes says something of the machine, not of the code.
"""

from __future__ import annotations

import os

from hypothesis import settings

NAME = os.environ.get("HYPOTHESIS_PROFILE", "default")
_USUAL = 100  # of hypothesis itself

settings.register_profile("default", deadline=None, max_examples=_USUAL // 5)
settings.register_profile("ci", deadline=None, max_examples=_USUAL, print_blob=True)
settings.load_profile(NAME)


def examples(full: int) -> int:
    """For ``max_examples`` of a test that asks for another number than usual: all of them in the full profile."""
    return full if NAME == "ci" else max(full // 5, 5)
