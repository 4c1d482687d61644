"""Small generated pictures: proof screenshots, avatars."""

import io
import random
from functools import lru_cache

from PIL import Image, ImageDraw


@lru_cache(maxsize=256)
def png(caption: str, size: tuple[int, int] = (320, 200)) -> bytes:
    """A PNG of the given size in colours that follow from the caption, which is written on it."""
    shades = random.Random(caption)  # noqa: S311  (a picture, not a secret)
    ground = (shades.randrange(150, 240), shades.randrange(150, 240), shades.randrange(150, 240))
    picture = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(picture)
    width, height = size
    draw.rectangle((0, 0, width, height // 8), fill=(70, 80, 95))
    for _ in range(4):
        left, top = shades.randrange(width), shades.randrange(height // 8, height)
        box = (left, top, left + width // 4, top + height // 6)
        draw.rectangle(box, fill=(shades.randrange(80, 255), shades.randrange(80, 255), 200))
    draw.text((6, height // 2 - 6), caption, fill=(20, 20, 20))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def is_image(content: bytes) -> bool:
    """Whether these bytes are a picture that Pillow can read."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.verify()
    except (OSError, SyntaxError, ValueError):  # what Pillow raises for a broken file
        return False
    return True
