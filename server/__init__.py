"""The edges: sockets, storage, delivery and pages around the pure core."""
