# Prints Tests/GeneratorTests/Images/JPEGSamples.swift: JPEG files made by Pillow, with the pixels that Pillow reads from them.
import base64, io, textwrap
import numpy as np
from PIL import Image, ImageOps

rng = np.random.default_rng(1)
def smooth(height, width, channels):
    y, x = np.mgrid[0:height, 0:width]
    planes = [128 + 100 * np.sin(0.4 * x + c) * np.cos(0.3 * y - c) for c in range(channels)]
    image = np.stack(planes, -1) + rng.normal(0, 6, (height, width, channels))
    return np.clip(image, 0, 255).astype(np.uint8)
def jpeg(array, **options):
    out = io.BytesIO()
    Image.fromarray(array.squeeze()).save(out, "JPEG", **options)
    return out.getvalue()

files = [
    ("grey", jpeg(smooth(5, 7, 1), quality=85)),
    ("colour", jpeg(smooth(9, 11, 3), quality=85, subsampling=0)),
    ("colour, halved chroma", jpeg(smooth(9, 17, 3), quality=75, subsampling=2)),
    ("colour, progressive", jpeg(smooth(10, 6, 3), quality=80, subsampling=1, progressive=True)),
    ("colour, restarts", jpeg(smooth(17, 9, 3), quality=50, restart_marker_blocks=1)),
]
cmyk = io.BytesIO(); Image.new("CMYK", (4, 4)).save(cmyk, "JPEG", quality=20)
def lines(data): return textwrap.wrap(base64.b64encode(data).decode(), 84)
def literal(data, indent, end):
    return "\n".join(f'{" " * indent}{"+ " if i else ""}"{line}"' for i, line in enumerate(lines(data))) + end
print("""/// JPEG files that Pillow made, with the pixels that Pillow reads from them; the program is
/// Tests/Reference/jpeg_samples.py.
enum JPEGSamples {
  static let all = [""")
for name, data in files:
    image = Image.open(io.BytesIO(data)); pixels = image.tobytes()
    print(f'    PNGSample(\n      "{name}", {image.width}, {image.height}, {len(image.getbands())},\n      png:')
    print(literal(data, 8, ","))
    print("      pixels:")
    print(literal(pixels, 8, "),"))
print("  ]\n\n  /// Four colours for printing.\n  static let cmyk =")
print(literal(cmyk.getvalue(), 4, ""))
print("""
  /// What ImageOps.exif_transpose makes of the rows [1, 2, 3], [4, 5, 6] for each orientation.
  static let upright: [Int: (width: Int, pixels: [UInt8])] = [""")
base = Image.fromarray(np.array([[1, 2, 3], [4, 5, 6]], np.uint8))
for orientation in range(1, 9):
    base.getexif()[0x0112] = orientation
    turned = ImageOps.exif_transpose(base)
    print(f"    {orientation}: ({turned.width}, {list(turned.tobytes())}),")
print("  ]\n}")
