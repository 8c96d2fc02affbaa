"""Views for those who read podwatch with SQL, feeds that rest, and reasons that a freed alert still had.

A later migration that changes a column of a view has to drop the view first and make it anew: PostgreSQL refuses
otherwise.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ALERTS_SENT = """
CREATE VIEW alerts_sent AS
SELECT d.id, d.key, w.name AS watch, f.title AS show, e.title AS episode, e.published_at, e.link, d.channel,
       d.created_at AS found_at, d.sent_at, d.notifier, d.remote_channel, d.remote_id, d.digest_id,
       (SELECT count(*) FROM mentions m
        WHERE m.watch_id = d.watch_id AND m.episode_id = d.episode_id AND m.gone_at IS NULL) AS mentions,
       d.watch_id, d.episode_id, e.feed_id
FROM deliveries d
JOIN watches w ON w.id = d.watch_id
LEFT JOIN episodes e ON e.id = d.episode_id
LEFT JOIN feeds f ON f.id = e.feed_id
WHERE d.kind = 'alert' AND d.state = 'sent'
"""

ALERTS_HELD = """
CREATE VIEW alerts_held AS
SELECT d.id, d.key, w.name AS watch, f.title AS show, e.title AS episode, e.published_at, e.link, d.channel,
       d.created_at AS found_at, d.reason, d.error AS why, d.next_attempt_at AS held_until, d.digest_id,
       d.watch_id, d.episode_id, e.feed_id
FROM deliveries d
JOIN watches w ON w.id = d.watch_id
LEFT JOIN episodes e ON e.id = d.episode_id
LEFT JOIN feeds f ON f.id = e.feed_id
WHERE d.kind = 'alert' AND d.state = 'held'
"""

MENTIONS_FULL = """
CREATE VIEW mentions_full AS
SELECT m.id, w.name AS watch, f.title AS show, e.title AS episode, e.published_at, e.link, m.seconds, m.approximate,
       m.speaker, m.kind, m.score, m.reason, m.surface, m.snippet, m.label, t.language, t.source AS transcript_source,
       m.found_at, m."start", m."end", m.segment, m.watch_revision, m.watch_id, m.transcript_id, m.episode_id, e.feed_id
FROM mentions m
JOIN watches w ON w.id = m.watch_id
JOIN transcripts t ON t.id = m.transcript_id
JOIN episodes e ON e.id = m.episode_id
JOIN feeds f ON f.id = e.feed_id
WHERE m.gone_at IS NULL AND w.enabled
"""


def upgrade() -> None:
    op.add_column("feeds", sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE deliveries SET reason = NULL, error = NULL WHERE kind = 'alert' AND state = 'due'")
    for view in (ALERTS_SENT, ALERTS_HELD, MENTIONS_FULL):
        op.execute(view)


def downgrade() -> None:
    """A feed that rests is polled no more there: an older podwatch has no other word for it."""
    for view in ("alerts_sent", "alerts_held", "mentions_full"):
        op.execute(f"DROP VIEW {view}")
    op.execute("UPDATE feeds SET next_poll_at = NULL WHERE disabled_at IS NOT NULL")
    op.drop_column("feeds", "disabled_at")
