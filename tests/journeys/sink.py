"""What a false camera sees in the pictures of the pages: a bottle over a sink, in a few flat colours."""

from __future__ import annotations

from pathlib import Path

WIDTH, HEIGHT, FRAMES = 640, 360, 30
Box = tuple[int, int, int, int, tuple[int, int, int]]
"""Left, top, width, height, and the colour as luma and two chromas (BT.601)."""
WALL, WORKTOP, SINK, BOTTLE, LABEL, STREAM, DRAIN = (
    (130, 131, 122), (176, 127, 124), (88, 131, 125), (78, 108, 142), (212, 116, 129), (143, 87, 153), (42, 129, 127),
)  # fmt: skip
SCENE: tuple[Box, ...] = (
    (0, 0, WIDTH, HEIGHT, WALL),
    (0, 220, WIDTH, 140, WORKTOP),
    (150, 246, 340, 114, SINK),
    (296, 300, 48, 18, DRAIN),
    (316, 128, 8, 180, STREAM),
    (290, 0, 60, 90, BOTTLE),
    (290, 28, 60, 40, LABEL),
    (308, 90, 24, 40, BOTTLE),
)


def draw(file: Path) -> Path:
    """A short film for Chromium's `--use-file-for-fake-video-capture`, which plays it over and over."""
    planes = [bytearray(WIDTH * HEIGHT), bytearray(WIDTH * HEIGHT // 4), bytearray(WIDTH * HEIGHT // 4)]
    for left, top, width, height, colour in SCENE:
        for plane, value in enumerate(colour):
            by = 1 if plane == 0 else 2
            for row in range(top // by, (top + height) // by):
                at = row * (WIDTH // by) + left // by
                planes[plane][at : at + width // by] = bytes([value]) * (width // by)
    frame = b"FRAME\n" + b"".join(planes)
    file.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F30:1 Ip A1:1 C420jpeg\n".encode() + frame * FRAMES)
    return file
