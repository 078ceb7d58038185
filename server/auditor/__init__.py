"""The auditor (OC7): a process of its own that looks at the deadlines from outside and raises an alarm."""
