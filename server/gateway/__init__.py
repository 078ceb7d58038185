"""From an upgraded socket to a typed frame and back."""
