"""Leases: a page counts as here only while its own heartbeat renews it (PR3).

A protocol ping is answered by a hung page too, so only the page's answer to an application beat renews a lease.
"""

from __future__ import annotations

from dataclasses import dataclass

from presence.ids import Instant, Millis


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """How often the server sends a beat, and how long an answer keeps a page alive (PR3)."""

    urgent_beat_ms: Millis = 6_000
    urgent_lease_ms: Millis = 15_000
    calm_beat_ms: Millis = 20_000
    calm_lease_ms: Millis = 45_000

    def beat_ms(self, *, urgent: bool) -> Millis:
        return self.urgent_beat_ms if urgent else self.calm_beat_ms

    def lease_ms(self, *, urgent: bool) -> Millis:
        return self.urgent_lease_ms if urgent else self.calm_lease_ms


@dataclass(frozen=True, slots=True)
class Lease:
    """Held by one connection. `urgent` for anyone available or in a call: found gone within 15 s, not 45."""

    renewed_at: Instant
    urgent: bool

    def lapses_at(self, times: LeaseTimes) -> Instant:
        return self.renewed_at + times.lease_ms(urgent=self.urgent)

    def has_lapsed(self, now: Instant, times: LeaseTimes) -> bool:
        return now >= self.lapses_at(times)


def grant(now: Instant, *, urgent: bool) -> Lease:
    return Lease(renewed_at=now, urgent=urgent)


def renew(lease: Lease, now: Instant) -> Lease:
    """An answered beat. A late answer never moves a lease back."""
    return Lease(renewed_at=max(lease.renewed_at, now), urgent=lease.urgent)


def with_urgency(lease: Lease, *, urgent: bool, now: Instant, times: LeaseTimes) -> Lease:
    """The page's duty changed. Turning urgent shortens the lease at once, but never lets it lapse in the past:
    the page was sent beats at the calm pace until now, so it gets one urgent lease from now to answer."""
    if urgent == lease.urgent:
        return lease
    if urgent and not lease.has_lapsed(now, times):
        return Lease(renewed_at=now, urgent=True)
    return Lease(renewed_at=lease.renewed_at, urgent=urgent)
