"""The waits, the lease of a claim and the retries of deliver, and why they must be in this order. Pure."""

from __future__ import annotations

from dataclasses import dataclass

WITHOUT_LIMIT = frozenset({"console"})  # services that take messages as fast as they come


@dataclass(frozen=True, slots=True)
class DeliveryTiming:
    """The waits, leases and retries of deliver, in seconds of the clock that all workers share (Store.clock).

    That an alert arrives once depends on their order: see ``check``. Tests and the crash test scale them down.
    """

    timeout: float = 30.0  # of a whole call of a service; after it the outcome is unknown
    settle: float = 80.0  # from the end of a call with an unknown outcome until its channel is read
    recheck_after: float = 10.0  # a message counts as absent when the channel was read twice, so long apart
    lease: float = 150.0  # of a claim on a delivery; after it the claimer counts as dead
    interval: float = 1.03  # between two messages to one channel
    # Of a claim on a channel, which ends earlier when the service answers; longer than a mail session, too.
    channel_lease: float = 50.0
    first_pause: float = 1.0  # of a channel after a failure of the service; doubles
    longest_pause: float = 30.0
    first_retry: float = 60.0  # of a message that fails by itself; doubles
    longest_retry: float = 6 * 3600.0
    probe_after: float = 900.0  # of a paused channel
    duplicate_check_after: float = 600.0  # from a repeated message until its channel is read for a second copy
    stay: float = 180.0  # deliver waits for what comes due within this
    longest_run: float = 2700.0  # and ends after this
    max_attempts: int = 20  # of a message that fails by itself; then it is dead

    skew: float = 5.0  # between two workers' readings of the shared clock

    def interval_of(self, service: str) -> float:
        """Seconds between two messages to one channel of a service."""
        return 0.0 if service in WITHOUT_LIMIT else self.interval

    def check(self) -> str:
        """What is wrong with these numbers; "" when nothing is."""
        if self.settle < self.timeout + self.skew:
            return "settle must be longer than timeout: a call that was given up may still be under way"
        if self.channel_lease < self.timeout + self.interval:
            return "channel_lease must be longer than timeout: else two messages may be on the way to one channel"
        if self.lease < self.timeout + self.settle:
            return "lease must be longer than timeout and settle: at its end an attempt must have settled"
        return ""
