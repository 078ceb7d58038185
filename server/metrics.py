"""Prometheus metrics. Counts and times only: no ids, no words, no addresses."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
DEADLINES = Counter("beside_deadlines", "Deadlines handled", registry=REGISTRY)
LATENESS = Histogram(
    "beside_deadline_lateness_seconds",
    "How late a deadline was handled",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60),
    registry=REGISTRY,
)
AUDITOR_SILENT = Gauge("beside_auditor_silent", "1 while an auditor is expected and not heard", registry=REGISTRY)
AUDITED_LATE = Gauge("beside_audited_late_deadlines", "Deadlines over 5 s late, as the auditor says", registry=REGISTRY)
CONNECTIONS = Gauge("beside_connections", "Open sockets", registry=REGISTRY)
COMMANDS = Counter("beside_commands", "Commands by frame and outcome", ["frame", "outcome"], registry=REGISTRY)
COMMIT_SECONDS = Histogram(
    "beside_command_seconds",
    "Time to answer a command",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=REGISTRY,
)
PAGES = Counter("beside_pages", "Notifications by outcome", ["outcome"], registry=REGISTRY)
MEDIA_WATCHERS = Gauge("beside_media_watchers", "Media sockets that watch", registry=REGISTRY)
MEDIA_BYTES = Counter("beside_media_bytes", "Bytes of chunks handed to watchers", registry=REGISTRY)
MEDIA_DROPPED = Counter(
    "beside_media_dropped",
    "Chunks not handed on: the sender too fast, or a watcher too slow",
    ["why"],
    registry=REGISTRY,
)
MEDIA_UNSENT = Gauge(
    "beside_media_unsent_worst_bytes",
    "The most that ever waited here for one watcher, since the start",
    registry=REGISTRY,
)
BUS_UP = Gauge(
    "beside_bus_up",
    "Whether this node hears itself on the bus: the main one, or that of pictures",
    ["bus"],
    registry=REGISTRY,
)
BUS_MESSAGES = Counter("beside_bus_messages", "Messages between nodes", ["way"], registry=REGISTRY)
BUS_LOST = Counter(
    "beside_bus_lost", "Messages of this node that the bus may not have carried", ["why"], registry=REGISTRY
)
NEIGHBOURS = Gauge("beside_neighbours", "Other nodes that said in time who is connected to them", registry=REGISTRY)
