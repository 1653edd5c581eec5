# SPDX-License-Identifier: MIT
"""Images for ESP32 chips: what a build made, for which chip it is, where it goes, and whether it fits.

The layout of headers and of the partition table is ESP-IDF's (Programming Guide, "App Image Format" and "Partition
Tables"). `flasher_args.json`, which every build of ESP-IDF writes, says which file goes where.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

from hil_tests.flash.errors import FlashError

IMAGE_MAGIC = 0xE9
# magic, segments, SPI mode, size and frequency, entry, WP pin, drive strengths, chip, revisions, reserved, digest
HEADER = struct.Struct("<BBBBIB3sHBHH4sB")
CHIP_IDS = {
    0x00: "esp32",
    0x02: "esp32s2",
    0x05: "esp32c3",
    0x09: "esp32s3",
    0x0C: "esp32c2",
    0x0D: "esp32c6",
    0x10: "esp32h2",
    0x12: "esp32p4",
    0x17: "esp32c5",
}
# Where the chip's ROM looks for the bootloader.
BOOTLOADER_OFFSETS = {"esp32": 0x1000, "esp32s2": 0x1000, "esp32s3": 0, "esp32c3": 0, "esp32c6": 0}
# magic, type, subtype, offset, size, label, flags
PARTITION = struct.Struct("<HBBII16sI")
PARTITION_MAGIC = 0x50AA
TABLE_OFFSET = 0x8000
APP = 0
REBUILD = "build it again with make firmware"


@dataclass(frozen=True)
class Region:
    """Bytes that go to `offset` of the flash."""

    name: str
    offset: int
    data: bytes

    @property
    def end(self) -> int:
        """The first offset behind it."""
        return self.offset + len(self.data)


@dataclass(frozen=True)
class Partition:
    """A line of the partition table."""

    label: str
    kind: int
    offset: int
    size: int


@dataclass(frozen=True)
class Plan:
    """What goes into the flash of a `chip`, in order of offsets."""

    chip: str
    regions: tuple[Region, ...]


def image_chip(name: str, data: bytes) -> str:
    """For which chip an image is. Raises FlashError for anything else than an image."""
    if len(data) < HEADER.size or data[0] != IMAGE_MAGIC:
        raise FlashError(f"{name} is no image for an ESP32: it does not begin with {IMAGE_MAGIC:#x}; {REBUILD}")
    number = HEADER.unpack_from(data)[7]
    return CHIP_IDS.get(number, f"chip {number:#x}")


def read_partitions(data: bytes) -> list[Partition]:
    """The entries of a binary partition table. Raises FlashError."""
    found = []
    for offset in range(0, len(data) - PARTITION.size + 1, PARTITION.size):
        magic, kind, _, place, size, label, _ = PARTITION.unpack_from(data, offset)
        if magic != PARTITION_MAGIC:
            break
        found.append(Partition(label.rstrip(b"\0").decode("ascii", "replace"), kind, place, size))
    if not found:
        raise FlashError(f"the partition table is empty or damaged; {REBUILD}")
    return found


def read_plan(firmware: Path, chip: str) -> Plan:
    """What a build made beside `firmware` (build/<BOARD>/firmware.bin), or only the merged image. Raises FlashError."""
    listing = firmware.parent / "flasher_args.json"
    regions = read_listing(listing) if listing.is_file() else [merged(firmware, chip)]
    regions.sort(key=lambda region: region.offset)
    plan = Plan(chip, tuple(regions))
    check(plan)
    return plan


def read_listing(listing: Path) -> list[Region]:
    """The files of flasher_args.json."""
    try:
        files = json.loads(listing.read_text())["flash_files"]
        places = {int(offset, 0): listing.parent / name for offset, name in files.items()}
        return [Region(path.name, offset, path.read_bytes()) for offset, path in places.items()]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise FlashError(f"{listing}: {error}; {REBUILD}") from error


def merged(firmware: Path, chip: str) -> Region:
    """firmware.bin, which begins with the bootloader."""
    try:
        return Region(firmware.name, BOOTLOADER_OFFSETS[chip], firmware.read_bytes())
    except OSError as error:
        raise FlashError(f"{firmware}: {error.strerror}; build it with make firmware") from error
    except KeyError as error:
        raise FlashError(f"where the bootloader of {chip} goes is not known; add it to BOOTLOADER_OFFSETS") from error


def check(plan: Plan) -> None:
    """Raise FlashError unless all is for this chip, at its place, and fits. Nothing was touched yet."""
    check_chips(plan)
    check_offsets(plan)
    table = find_table(plan)
    for region in plan.regions:
        if region.data[:1] == bytes([IMAGE_MAGIC]) and region.offset > TABLE_OFFSET:
            check_app(region, read_partitions(table))


def check_chips(plan: Plan) -> None:
    """The images are for this chip; tables and the like have no header."""
    for region in plan.regions:
        if region.data[:1] == bytes([IMAGE_MAGIC]):
            found = image_chip(region.name, region.data)
            if found != plan.chip:
                raise FlashError(f"{region.name} is for {found}, not for {plan.chip}; give the image of this board")


def check_offsets(plan: Plan) -> None:
    """The bootloader is where the chip looks for it, and nothing lies over something else."""
    first, wanted = plan.regions[0], BOOTLOADER_OFFSETS.get(plan.chip)
    if first.offset != wanted or first.data[:1] != bytes([IMAGE_MAGIC]):
        where = "an unknown place" if wanted is None else f"{wanted:#x}"
        raise FlashError(
            f"{first.name} is to go to {first.offset:#x}, but {plan.chip} looks for a bootloader at {where}; {REBUILD}"
        )
    for before, after in zip(plan.regions, plan.regions[1:], strict=False):
        if before.end > after.offset:
            excess = before.end - after.offset
            raise FlashError(
                f"{before.name} is {excess} bytes too long: {after.name} is at {after.offset:#x}; {REBUILD}"
            )


def find_table(plan: Plan) -> bytes:
    """The partition table of the plan. Raises FlashError."""
    for region in plan.regions:
        if region.offset <= TABLE_OFFSET < region.end:
            return region.data[TABLE_OFFSET - region.offset :]
    raise FlashError(f"there is no partition table at {TABLE_OFFSET:#x}; {REBUILD}")


def check_app(app: Region, partitions: list[Partition]) -> None:
    """The application has a partition, and fits into it."""
    places = [partition for partition in partitions if partition.kind == APP]
    for partition in places:
        if partition.offset == app.offset:
            excess = len(app.data) - partition.size
            if excess > 0:
                raise FlashError(
                    f"{app.name} is {excess} bytes longer than its partition {partition.label} ({partition.size}"
                    " bytes); build it smaller, or with a partition table that has more room"
                )
            return
    offsets = ", ".join(f"{partition.offset:#x}" for partition in places) or "nowhere"
    raise FlashError(f"{app.name} is to go to {app.offset:#x}, but the partitions for applications are at: {offsets}")
