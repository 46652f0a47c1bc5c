"""Makes the files in this folder and the seeds in tests/fuzz/corpus, with NumPy and the standard library
alone, so that the loaders are tested on files that tapegrad did not write.

Run it in this folder: python3 make_fixtures.py. The files are checked in; NumPy 1.24 wrote them."""

import gzip
import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parent.parent / "fuzz" / "corpus"


def npy(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version, allow_pickle=False)
    return out.getvalue()


def put(name, data, seed=None):
    (HERE / name).write_bytes(data)
    if seed:
        folder = CORPUS / seed
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


special_f4 = np.array([0x7FC01234, 0xFF800001, 0x7F800000, 0xFF800000, 0x80000000, 0x3FC00000], np.uint32).view(np.float32)
special_f8 = np.array([0x7FF8000000001234, 0xFFF0000000000001, 0x7FF0000000000000, 0xFFF0000000000000,
                       0x8000000000000000, 0x3FF8000000000000], np.uint64).view(np.float64)
counting = np.arange(24, dtype=np.float64).reshape(2, 3, 4)

put("special_f4.npy", npy(special_f4.reshape(2, 3)), "npy")
put("special_f8.npy", npy(special_f8.reshape(2, 3)), "npy")
put("special_f8_big_endian.npy", npy(special_f8.reshape(2, 3).astype(">f8")))
put("fortran.npy", npy(np.asfortranarray(counting)), "npy")
put("fortran_big_endian.npy", npy(np.asfortranarray(counting.astype(">f4"))))
put("version2.npy", npy(counting, (2, 0)), "npy")
put("version3.npy", npy(counting, (3, 0)))
put("scalar.npy", npy(np.array(2.5)))
put("empty.npy", npy(np.zeros((0, 3), np.float32)))
put("bool.npy", npy(np.array([True, False, True])), "npy")
put("complex.npy", npy(np.zeros(2, np.complex64)))
put("records.npy", npy(np.zeros(2, [("a", "<f4"), ("b", "<i4")])))
for code in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"):
    info = np.iinfo(code)
    # The largest u8 does not fit; the largest that does stands for it here, and has a file of its own below.
    largest = min(info.max, 2**63 - 1)
    values = np.array([info.min, 0, 1, 100, largest], code)
    put(f"{code}.npy", npy(values), "npy" if code == "u2" else None)
    if code[1] != "1":
        put(f"{code}_big_endian.npy", npy(values.astype(f">{code}")))
put("u8_too_large.npy", npy(np.array([1, 2**63], np.uint64)))

for name, save in (("stored.npz", np.savez), ("compressed.npz", np.savez_compressed)):
    out = io.BytesIO()
    save(out, weights=counting, steps=np.arange(5, dtype=np.int64), mask=np.array([[True, False]]))
    put(name, out.getvalue(), "npz")
out = io.BytesIO()
with zipfile.ZipFile(out, "w") as archive:
    archive.writestr("notes.txt", "no array")
put("text_entry.npz", out.getvalue(), "npz")
# A deflated entry that says it holds 2**60 elements.
claim = npy(np.zeros(0)).replace(b"(0,)", b"(1152921504606846976,)")
claim = claim[:10] + claim[10:].rstrip(b" \n")[: 127 - 10].ljust(117) + b"\n"
out = io.BytesIO()
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("claim.npy", claim)
put("claim.npz", out.getvalue(), "npz")


def safetensors(tensors, metadata=None):
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, dtype, shape, content in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


half = np.array([0x0000, 0x8000, 0x3C00, 0xC000, 0x7BFF, 0x0001, 0x03FF, 0x7C00, 0xFC00, 0x7E01], np.uint16)
brain = np.array([0x3F80, 0xC000, 0x7F80, 0x8000, 0x7FC1], np.uint16)
put("types.safetensors", safetensors([
    ("half", "F16", [2, 5], half.tobytes()),
    ("brain", "BF16", [5], brain.tobytes()),
    ("single", "F32", [2, 3], special_f4.tobytes()),
    ("double", "F64", [6], special_f8.tobytes()),
    ("scalar", "F64", [], struct.pack("<d", 2.5)),
    ("none", "I64", [0, 4], b""),
    ("mask", "BOOL", [3], bytes([1, 0, 1])),
    ("i8", "I8", [2], struct.pack("<2b", -128, 127)),
    ("u8", "U8", [2], struct.pack("<2B", 0, 255)),
    ("i16", "I16", [2], struct.pack("<2h", -32768, 32767)),
    ("u16", "U16", [2], struct.pack("<2H", 0, 65535)),
    ("i32", "I32", [2], struct.pack("<2i", -(2**31), 2**31 - 1)),
    ("u32", "U32", [2], struct.pack("<2I", 0, 2**32 - 1)),
    ("i64", "I64", [2], struct.pack("<2q", -(2**63), 2**63 - 1)),
    ("u64", "U64", [2], struct.pack("<2Q", 0, 2**63 - 1)),
], {"format": "pt", "gr\u00f6\u00dfe": "\u00bd"}), "safetensors")
put("small.safetensors", safetensors([("w", "F32", [2], struct.pack("<2f", 1, 2)), ("b", "BOOL", [1], b"\1")]), "safetensors")


def idx(code, shape, data):
    return bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + data


images = idx(0x08, (2, 3, 4), bytes(range(24)))
put("images.idx", images, "idx")
put("images.idx.gz", gzip.compress(images, mtime=0), "idx")
put("images_two_members.idx.gz", gzip.compress(images[:20], mtime=0) + gzip.compress(images[20:], mtime=0), "idx")
put("shorts.idx", idx(0x0B, (3,), struct.pack(">3h", -32768, 0, 32767)), "idx")
put("bytes.idx", idx(0x09, (3,), struct.pack(">3b", -128, 0, 127)))
put("ints.idx", idx(0x0C, (3,), struct.pack(">3i", -(2**31), 0, 2**31 - 1)))
put("floats.idx", idx(0x0D, (2, 3), special_f4.astype(">f4").tobytes()), "idx")
put("doubles.idx", idx(0x0E, (2, 3), special_f8.astype(">f8").tobytes()))

csv = {
    "numbers.csv": b"x,y\n1,2.5\n-3e2,nan\n",
    "classes.csv": b'petal,kind\r\n1.5,setosa\r\n2,"versi, color"\r\n3,setosa\r\n4,"a ""b"""\r\n',
    "lines.csv": b'name\n"two\nlines"\n"x"',
    "ragged.csv": b"a,b\n1,2\n3\n",
}
(CORPUS / "csv").mkdir(parents=True, exist_ok=True)
for name, data in csv.items():
    (CORPUS / "csv" / name).write_bytes(data)
