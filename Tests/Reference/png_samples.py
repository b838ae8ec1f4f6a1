import base64, io, struct, zlib, gzip, tarfile, textwrap, json
from PIL import Image
from PIL.PngImagePlugin import PngInfo

def swift(name, value):
    return name, base64.b64encode(value).decode()

W, H = 5, 3
grey = Image.frombytes("L", (W, H), bytes(i * 17 for i in range(15)))
rgb = Image.frombytes("RGB", (W, H), bytes(i * 5 % 256 for i in range(45)))
rgba = Image.frombytes("RGBA", (W, H), bytes(i * 4 for i in range(60)))
la = Image.frombytes("LA", (W, H), bytes(i * 8 for i in range(30)))
one = grey.point(lambda v: 255 * (v % 2)).convert("1", dither=0)
pal = Image.frombytes("P", (W, H), bytes(i % 4 for i in range(15)))
pal.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 200, 210, 220])
sixteen = Image.frombytes("I;16", (W, H), struct.pack("<15H", *(i * 4369 for i in range(15))))
def png(image, **options):
    out = io.BytesIO(); image.save(out, "PNG", **options); return out.getvalue()
gamma = PngInfo(); gamma.add(b"gAMA", struct.pack(">I", 100000))
def chunk(name, data): return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
def by_hand(width, height, depth, color, interlace, rows, extra=b""):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace))
        + extra + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows))) + chunk(b"IEND", b""))
def adam7(image):
    px = image.load(); rows = []
    for x0, y0, dx, dy in [(0,0,8,8),(4,0,8,8),(0,4,4,8),(2,0,4,4),(0,2,2,4),(1,0,2,2),(0,1,1,2)]:
        for y in range(y0, image.height, dy):
            row = bytes(c for x in range(x0, image.width, dx) for c in px[x, y])
            if row: rows.append(row)
    return by_hand(image.width, image.height, 8, 2, 1, rows)
files = {
 "grey 8": (png(grey), "L"), "grey 1": (png(one), "L"),
 "grey 2": (by_hand(W, H, 2, 0, 0, [bytes([0b00011011, 0b11000000])] * H), "L"),
 "grey 4": (by_hand(W, H, 4, 0, 0, [bytes([0x01, 0x7F, 0xE0])] * H), "L"),
 "grey 16": (png(sixteen), None), "rgb 8": (png(rgb), "RGB"), "rgba 8": (png(rgba), "RGBA"), "grey and alpha": (png(la), "RGBA"),
 "rgb 16": (by_hand(2, 1, 16, 2, 0, [struct.pack(">6H", 0, 257, 514, 32896, 65278, 65535)]), None),
 "palette 8": (png(pal, bits=8), "RGB"), "palette 2": (png(pal, bits=2), "RGB"),
 "palette 4 with transparency": (png(pal, bits=4, transparency=bytes([255, 128, 0])), "RGBA"),
 "rgb with a transparent colour": (png(rgb, transparency=(0, 5, 10)), "RGBA"),
 "grey with a transparent value": (png(grey, transparency=17), "RGBA"),
 "interlaced": (adam7(Image.frombytes("RGB", (9, 5), bytes(i * 7 % 256 for i in range(135)))), "RGB"),
 "with gamma 1": (png(rgb, pnginfo=gamma), "RGB"),
}
def b64lines(data, indent):
    text = base64.b64encode(data).decode()
    lines = textwrap.wrap(text, 88 - indent)
    return lines
out = []
for name, (data, mode) in files.items():
    image = Image.open(io.BytesIO(data)); image.load()
    if name == "grey 16": pixels, channels = bytes(i * 17 for i in range(15)), 1
    elif name == "rgb 16": pixels, channels = bytes([0, 1, 2, 128, 254, 255]), 3
    else:
        conv = image.convert(mode); pixels = conv.tobytes(); channels = len(mode)
    out.append((name, image.width, image.height, channels, data, pixels))
print("  static let all = [")
for name, w, h, c, data, pixels in out:
    print(f'    PNGSample("{name}", {w}, {h}, {c},')
    for label, d in (("png", data), ("pixels", pixels)):
        lines = b64lines(d, 12)
        print(f"      {label}:")
        print("\n".join(f'        {"+ " if i else ""}"{l}"' for i, l in enumerate(lines)) + ("," if label == "png" else "),"))
print("  ]")
