"""Says in words what became of names in doubt: how many wait to be heard again, how many were left to the text, and
why. One place for the words, so that the digest, the page, the commands and the reasons of mentions say the same. Pure.
"""

from __future__ import annotations

from podwatch.model import HearingCounts
from podwatch.policy.wording import agree, count_of


def describe_hearings(c: HearingCounts) -> str:
    """``1 episode has a name in doubt that waits to be heard again; 3 episodes have one that was left to the text: 2 as
    the audio is gone, 1 as too much was in doubt``; "" where no name is in doubt.
    """
    parts = []
    if c.awaiting:
        parts.append(f"{_have(c.awaiting)} a name in doubt that waits to be heard again")
    if c.left:
        why = ", ".join(f"{n} as {outcome.why_left}" for outcome, n in c.left.items())
        what = "one" if c.awaiting else "a name in doubt"
        parts.append(f"{_have(sum(c.left.values()))} {what} that was left to the text: {why}")
    return "; ".join(parts)


def _have(episodes: int) -> str:
    return f"{count_of(episodes, 'episode')} {agree(episodes, 'has', 'have')}"
