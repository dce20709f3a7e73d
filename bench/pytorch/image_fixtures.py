"""Small images of formats that tailnas reads by itself, with the pixels that Pillow reads from them.

python bench/pytorch/image_fixtures.py makes test/fixtures/images.json.br. Needs Pillow and numpy.
"""
import base64
import io
import json
import struct

import numpy as np
from PIL import Image

from packed import write_packed

WIDTH, HEIGHT = 13, 7


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def top_down(bmp):
    """The same 24-bit bitmap with its rows from top to bottom: a negative height."""
    data = bytearray(bmp)
    stride, offset = (WIDTH * 3 + 3) // 4 * 4, struct.unpack("<I", data[10:14])[0]
    rows = [bytes(data[offset + i * stride : offset + (i + 1) * stride]) for i in range(HEIGHT)]
    data[22:26] = struct.pack("<i", -HEIGHT)
    data[offset : offset + HEIGHT * stride] = b"".join(rows[::-1])
    return bytes(data)


def tiff(array, *, bits, sample_format, photometric=1):
    """An uncompressed TIFF of one channel, of number formats that Pillow does not write."""
    data = array.tobytes()
    tags = [(256, 3, WIDTH), (257, 3, HEIGHT), (258, 3, bits), (259, 3, 1), (262, 3, photometric), (273, 4, None)]
    tags += [(277, 3, 1), (278, 3, HEIGHT), (279, 4, len(data)), (339, 3, sample_format)]
    start = 8 + 2 + 12 * len(tags) + 4
    out = b"II*\0" + struct.pack("<IH", 8, len(tags))
    for tag, kind, value in tags:
        value = start if value is None else value
        out += struct.pack("<HHI", tag, kind, 1)
        out += struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value)
    return out + struct.pack("<I", 0) + data


rng = np.random.default_rng(1)
colour = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
grey = rng.integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
deep = rng.integers(0, 65536, (HEIGHT, WIDTH)).astype(np.uint16)
rgb, g = Image.fromarray(colour), Image.fromarray(grey)
bits = g.convert("1")
words = lambda values: " ".join(str(int(v)) for v in np.ravel(values)).encode()
size = f"{WIDTH} {HEIGHT}\n".encode()
files = {
    "24.bmp": saved(rgb, "BMP"),
    "24-top-down.bmp": top_down(saved(rgb, "BMP")),
    "32.bmp": saved(rgb.convert("RGBA"), "BMP"),
    "8.bmp": saved(rgb.quantize(200), "BMP"),
    "8-grey.bmp": saved(g, "BMP"),
    "1.bmp": saved(bits, "BMP"),
    "p1.pbm": b"P1\n" + size + "".join(str(1 - int(v)) for v in np.ravel(np.array(bits))).encode(),
    "p2.pgm": b"P2\n# white is 85\n" + size + b"85\n" + words(grey.astype(int) * 85 // 255),
    "p3.ppm": b"P3 " + size + b"255\n" + words(colour),
    "p4.pbm": saved(bits, "PPM"),
    "p5.pgm": saved(g, "PPM"),
    "p5-deep.pgm": saved(Image.fromarray(deep), "PPM"),
    "p6.ppm": saved(rgb, "PPM"),
    "grey.tif": saved(g, "TIFF"),
    "colour.tif": saved(rgb, "TIFF"),
    "deep.tif": saved(Image.fromarray(grey.astype(np.uint16) * 257), "TIFF"),
    "bits.tif": saved(bits, "TIFF"),
    "palette.tif": saved(rgb.quantize(200), "TIFF"),
}
refused = {
    "float.tif": saved(Image.fromarray((grey / 255).astype(np.float32)), "TIFF"),
    "double.tif": tiff(grey.astype(np.float64), bits=64, sample_format=3),
    "half.tif": tiff((grey / 255).astype(np.float16), bits=16, sample_format=3),
    "int.tif": saved(Image.fromarray(grey.astype(np.int32)), "TIFF"),
    "long.tif": tiff(grey.astype(np.uint32) * 16843009, bits=32, sample_format=1),
    "short.tif": tiff(grey.astype(np.int16) - 100, bits=16, sample_format=2),
    "ycbcr.tif": saved(rgb.convert("YCbCr"), "TIFF"),
    "lab.tif": saved(rgb.convert("LAB"), "TIFF"),
}


def pixels(file):
    image = Image.open(io.BytesIO(file))
    if image.mode.startswith("I"):
        return np.dstack([np.round(np.array(image).astype(np.int64) * 255 / 65535).astype(np.uint8)] * 3)
    return np.array(image.convert("RGB"))


code = lambda data: base64.b64encode(data).decode()
content = {
    "width": WIDTH,
    "height": HEIGHT,
    "images": {name: {"file": code(f), "rgb": code(pixels(f).tobytes())} for name, f in files.items()},
    "refused": {name: code(f) for name, f in refused.items()},
}
text = json.dumps(content, indent=1) + "\n"
write_packed("images", text)
