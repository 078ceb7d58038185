"""The asyncio client: journeys, load, probes and scripts."""
