# Prints Tests/GeneratorTests/Formats/NpzSamples.swift: archives that NumPy wrote.
import base64, io, textwrap
import numpy as np

def archive(write, **arrays):
    out = io.BytesIO(); write(out, **arrays); return out.getvalue()
images = dict(x_train=np.arange(36, dtype="uint8").reshape(2, 2, 3, 3), y_train=np.array([[4], [1]]))
floats = dict(X=np.array([[0.5, 1.5], [2.5, -1]]), y=np.array([1, 0], "int32"))
print("/// Archives that NumPy wrote; the program is Tests/Reference/npz_samples.py.\nenum NpzSamples {")
for i, (name, data) in enumerate([("stored", archive(np.savez, **images)),
                                  ("deflated", archive(np.savez_compressed, **images)),
                                  ("floats", archive(np.savez_compressed, **floats))]):
    lines = textwrap.wrap(base64.b64encode(data).decode(), 84)
    print(f"{chr(10) if i else ''}  static let {name} =")
    print("\n".join(f'    {"+ " if j else ""}"{line}"' for j, line in enumerate(lines)))
print("}")
