#!/usr/bin/env python3
"""Hide the C symbols that an ELF64 little-endian shared object exports, keeping the C++ ones.

pyarrow's libparquet links OpenSSL statically and exports it, so that libcurl's own OpenSSL calls would land there.
Marking each defined non-C++ dynamic symbol STV_HIDDEN (ELF gABI, "Symbol Visibility") keeps the loader from offering it.

usage: hide_c_exports.py IN OUT
"""
import struct
import sys

SHT_DYNSYM = 11
STB_GLOBAL, STB_WEAK = 1, 2
STV_HIDDEN = 2
SYMBOL = struct.Struct("<IBBHQQ")
SECTION = struct.Struct("<IIQQQQIIQQ")


def section_headers(image: bytearray):
    (offset,) = struct.unpack_from("<Q", image, 0x28)
    size, count, _ = struct.unpack_from("<HHH", image, 0x3A)
    return [SECTION.unpack_from(image, offset + i * size) for i in range(count)]


def hide_c_symbols(image: bytearray) -> int:
    if image[:6] != b"\x7fELF\x02\x01":
        raise SystemExit("hide_c_exports: not a little-endian ELF64 file")
    sections = section_headers(image)
    hidden = 0
    for _, kind, _, _, start, length, link, _, _, _ in sections:
        if kind != SHT_DYNSYM:
            continue
        names = sections[link][4]
        for at in range(start + SYMBOL.size, start + length, SYMBOL.size):
            name_at, info, other, section, _, _ = SYMBOL.unpack_from(image, at)
            end = image.index(0, names + name_at)
            name = bytes(image[names + name_at:end])
            if section == 0 or name.startswith(b"_Z") or name in (b"_init", b"_fini"):
                continue
            if info >> 4 in (STB_GLOBAL, STB_WEAK):
                image[at + 5] = (other & ~3) | STV_HIDDEN
                hidden += 1
    return hidden


def main() -> None:
    source, target = sys.argv[1:3]
    with open(source, "rb") as file:
        image = bytearray(file.read())
    if "parquet" in source:  # libarrow itself exports no foreign C library
        hide_c_symbols(image)
    with open(target, "wb") as file:
        file.write(image)


if __name__ == "__main__":
    main()
