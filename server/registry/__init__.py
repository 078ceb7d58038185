"""What the nodes know of each other's people: tickets, and who is connected where."""
