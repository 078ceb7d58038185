"""What Prometheus may know of the audit. Counts and times only."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

REGISTRY = CollectorRegistry()
LATE = Gauge("beside_audit_late_deadlines", "Deadlines over 5 s late at the last look", registry=REGISTRY)
WORST = Gauge("beside_audit_worst_late_seconds", "How late the latest of them is", registry=REGISTRY)
SILENT = Gauge("beside_audit_store_silent_seconds", "Since the store last answered a look", registry=REGISTRY)
ALARMS = Counter("beside_audit_alarms", "Alarms that began", ["alarm"], registry=REGISTRY)
LOOKS = Counter("beside_audit_looks", "Looks that the store answered", registry=REGISTRY)
SWITCH = Counter("beside_audit_switch", "Questions to the dead-man's switch", ["outcome"], registry=REGISTRY)
