"""What a built binary says of itself: the system and processor it is for, and the oldest system that can load it.

The packages are named after what stands in the binary's own header, so that none can be labelled for another machine.
"""

import re
import struct
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Platform:
    """Where a binary runs, in the words of Python (wheel tags) and of Node (`process.platform`, `process.arch`)."""

    wheel_tag: str
    node_os: str
    node_cpu: str

    @property
    def suffix(self) -> str:
        """How programs end here."""
        return ".exe" if self.node_os == "win32" else ""


class Unknown(Exception):
    """No binary that is packaged."""


def platform_of(path: Path) -> Platform:
    """Reads it from the header of an ELF, Mach-O or PE file."""
    data = path.read_bytes()
    try:
        if data[:4] == b"\x7fELF":
            return _elf(data)
        if data[:4] == b"\xcf\xfa\xed\xfe":
            return _mach_o(data)
        if data[:2] == b"MZ":
            return _pe(data)
    except struct.error:
        raise Unknown(f"{path}: the header is cut off") from None
    except Unknown as unknown:
        raise Unknown(f"{path}: {unknown}") from None
    raise Unknown(f"{path}: neither ELF nor Mach-O nor PE")


def _elf(data: bytes) -> Platform:
    (machine,) = struct.unpack_from("<H", data, 18)
    cpu, node_cpu = _one_of({62: ("x86_64", "x64"), 183: ("aarch64", "arm64")}, machine)
    (start,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    kinds = [struct.unpack_from("<I", data, start + n * size)[0] for n in range(count)]
    interpreter = 3
    if interpreter not in kinds:
        # Statically linked: it needs nothing but the kernel, whatever C library the system has.
        tag = f"manylinux_2_17_{cpu}.manylinux2014_{cpu}.musllinux_1_1_{cpu}"
    else:
        wanted = [tuple(map(int, version)) for version in re.findall(rb"GLIBC_(\d+)\.(\d+)", data)]
        if not wanted:
            raise Unknown("loaded dynamically, but not by glibc; link it statically")
        major, minor = max(wanted)
        tag = f"manylinux_{major}_{minor}_{cpu}"
    return Platform(tag, "linux", node_cpu)


def _mach_o(data: bytes) -> Platform:
    (machine,) = struct.unpack_from("<I", data, 4)
    cpu, node_cpu = _one_of({0x01000007: ("x86_64", "x64"), 0x0100000C: ("arm64", "arm64")}, machine)
    (commands,) = struct.unpack_from("<I", data, 16)
    at = 32
    for _ in range(commands):
        command, size = struct.unpack_from("<II", data, at)
        build_version, version_min = 0x32, 0x24
        if command in (build_version, version_min):
            (oldest,) = struct.unpack_from("<I", data, at + (12 if command == build_version else 8))
            major, minor = oldest >> 16, oldest >> 8 & 0xFF
            # From 11 on Apple counts the major version alone.
            return Platform(f"macosx_{major}_{0 if major > 10 else minor}_{cpu}", "darwin", node_cpu)
        at += max(size, 8)
    raise Unknown("does not say which macOS it needs")


def _pe(data: bytes) -> Platform:
    (start,) = struct.unpack_from("<I", data, 0x3C)
    if data[start : start + 4] != b"PE\0\0":
        raise Unknown("no PE header")
    (machine,) = struct.unpack_from("<H", data, start + 4)
    tag, node_cpu = _one_of({0x8664: ("win_amd64", "x64"), 0xAA64: ("win_arm64", "arm64")}, machine)
    return Platform(tag, "win32", node_cpu)


def _one_of(known: dict, machine: int):
    if machine not in known:
        raise Unknown(f"for a processor ({machine:#x}) that nothing is packaged for")
    return known[machine]
