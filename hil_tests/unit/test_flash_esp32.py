# SPDX-License-Identifier: MIT
"""Flashing ESP32 boards on a bench that is a fake, with images that esptool made."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from esptool.bin_image import (  # type: ignore[import-untyped]
    ELFSection,
    ESP32C3FirmwareImage,
    ESP32C6FirmwareImage,
    ESP32FirmwareImage,
    ESP32S2FirmwareImage,
    ESP32S3FirmwareImage,
)

from hil_tests.flash.errors import FlashError
from hil_tests.flash.esp32 import Request, WriteFailed, diagnose, flash
from hil_tests.flash.esp32_host import EspBench, cure_for, deadline
from hil_tests.flash.esp32_image import PARTITION, PARTITION_MAGIC, Region, image_chip, read_partitions, read_plan
from hil_tests.flash.system import Done, Port

# What makes an image, and an address in the chip's RAM.
MAKERS = {
    "esp32": (ESP32FirmwareImage, 0x3FFB0000),
    "esp32s2": (ESP32S2FirmwareImage, 0x3FFC0000),
    "esp32s3": (ESP32S3FirmwareImage, 0x3FC90000),
    "esp32c3": (ESP32C3FirmwareImage, 0x3FC90000),
    "esp32c6": (ESP32C6FirmwareImage, 0x40810000),
}
BRIDGE = Port("/dev/ttyUSB0", "0001", 0x10C4)
NATIVE = Port("/dev/ttyACM0", "A0:B1", 0x303A)
PICO = Port("/dev/ttyACM1", "E660", 0x2E8A)
HEALTHY = b"ESP-ROM:esp32c3\r\nrst:0x1 (POWERON),boot:0xd\r\nMicroPython\r\n>>> "


def make_image(chip: str, size: int = 64) -> bytes:
    """An image as the build makes it, with a segment of `size` bytes."""
    maker, address = MAKERS[chip]
    image = maker()
    image.entrypoint = address
    image.segments = [ELFSection(b".data", address, bytes(size), 3)]
    return bytes(image.save(None))


def make_table(*partitions: tuple[str, int, int, int]) -> bytes:
    """A partition table of (label, type, offset, size)."""
    lines = [
        PARTITION.pack(PARTITION_MAGIC, kind, 0, offset, size, label.encode().ljust(16, b"\0"), 0)
        for label, kind, offset, size in partitions
    ]
    return b"".join(lines).ljust(0xC00, b"\xff")


TABLE = make_table(("nvs", 1, 0x9000, 0x6000), ("factory", 0, 0x10000, 0x1000))


def write_build(folder: Path, chip: str = "esp32c3", files: dict[str, bytes] | None = None) -> Path:
    """A build folder; gives its firmware.bin."""
    start = "0x1000" if chip in ("esp32", "esp32s2") else "0x0"
    files = {start: make_image(chip), "0x8000": TABLE, "0x10000": make_image(chip)} | (files or {})
    listing = {}
    for number, (offset, data) in enumerate(files.items()):
        (folder / f"part{number}.bin").write_bytes(data)
        listing[offset] = f"part{number}.bin"
    (folder / "flasher_args.json").write_text(json.dumps({"flash_files": listing}))
    return folder / "firmware.bin"


class FakeTarget:
    """A chip whose flash is a dict."""

    def __init__(self, bench: FakeBench, chip: str) -> None:
        self.bench = bench
        self.chip = chip

    def write(self, regions: Sequence[Region]) -> None:
        if self.bench.failures:
            raise WriteFailed(self.bench.failures.pop(0))
        for region in regions:
            if self.bench.flash.get(region.offset) != region.data:
                self.bench.flash[region.offset] = region.data
                self.bench.events.append(f"wrote {region.offset:#x}")

    def reset(self) -> None:
        self.bench.events.append("reset")

    def close(self) -> None:
        self.bench.events.append("closed")


class FakeConsole:
    def __init__(self, bench: FakeBench) -> None:
        self.bench = bench

    def read(self, seconds: float) -> bytes:
        self.bench.time += seconds
        return self.bench.boot.pop(0) if self.bench.boot else b""

    def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        self.bench.events.append("console closed")


class FakeBench:
    """A host with a board on its first port."""

    def __init__(self, *ports: Port, chip: str = "esp32c3") -> None:
        self.there = list(ports) or [BRIDGE]
        self.chip = chip
        self.flash: dict[int, bytes] = {}
        self.boot = [HEALTHY]
        self.failures: list[str] = []
        self.refusals: dict[int, str] = {}
        self.version = Done(0, "v1\r\n")
        self.events: list[str] = []
        self.bauds: list[int] = []
        self.time = 0.0

    def ports(self) -> list[Port]:
        return self.there

    def connect(self, port: str, baud: int) -> FakeTarget:
        self.bauds.append(baud)
        if baud in self.refusals:
            raise FlashError(f"{port}: {self.refusals[baud]}")
        self.events.append(f"connected {port}")
        return FakeTarget(self, self.chip)

    def console(self, port: str) -> FakeConsole:
        return FakeConsole(self)

    def mpremote(self, port: str, code: str) -> Done:
        self.events.append(f"asked {port}")
        return self.version

    def now(self) -> float:
        return self.time


def request(firmware: Path, chip: str = "esp32c3", port: str = "", version: str = "v1") -> Request:
    return Request(firmware, chip, firmware.parent / "flash.log", port, version)


def quiet(text: str) -> None:
    """Say nothing."""


# Images


@pytest.mark.parametrize("chip", MAKERS)
def test_the_chip_of_an_image_is_in_its_header(chip: str) -> None:
    assert image_chip("x", make_image(chip)) == chip


@pytest.mark.parametrize("data", [b"", b"\xe9", b"\x7fELF" + bytes(64)])
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(FlashError, match="x is no image for an ESP32"):
        image_chip("x", data)


def test_a_chip_that_nobody_knows_is_named_by_its_number() -> None:
    data = bytearray(make_image("esp32c3"))
    struct.pack_into("<H", data, 12, 0x7777)
    assert image_chip("x", bytes(data)) == "chip 0x7777"


def test_partitions_are_read() -> None:
    labels = [(partition.label, partition.offset, partition.size) for partition in read_partitions(TABLE)]
    assert labels == [("nvs", 0x9000, 0x6000), ("factory", 0x10000, 0x1000)]


def test_a_damaged_table_is_refused() -> None:
    with pytest.raises(FlashError, match="partition table is empty or damaged"):
        read_partitions(b"\xff" * 0xC00)


@pytest.mark.parametrize("chip", MAKERS)
def test_a_build_has_three_regions(tmp_path: Path, chip: str) -> None:
    plan = read_plan(write_build(tmp_path, chip), chip)
    first = 0x1000 if chip in ("esp32", "esp32s2") else 0
    assert [region.offset for region in plan.regions] == [first, 0x8000, 0x10000]


def test_a_merged_image_needs_no_listing(tmp_path: Path) -> None:
    firmware = tmp_path / "firmware.bin"
    firmware.write_bytes(
        make_image("esp32").ljust(0x7000, b"\xff") + TABLE.ljust(0x8000, b"\xff") + make_image("esp32")
    )
    assert [region.offset for region in read_plan(firmware, "esp32").regions] == [0x1000]


def test_a_missing_image_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(FlashError, match=r"firmware.bin: No such file.*build it with make firmware"):
        read_plan(tmp_path / "firmware.bin", "esp32")


def test_a_bootloader_at_the_wrong_offset(tmp_path: Path) -> None:
    firmware = write_build(tmp_path)
    listing = json.loads((tmp_path / "flasher_args.json").read_text())["flash_files"]
    listing["0x1000"] = listing.pop("0x0")
    (tmp_path / "flasher_args.json").write_text(json.dumps({"flash_files": listing}))
    with pytest.raises(FlashError, match="is to go to 0x1000, but esp32c3 looks for a bootloader at 0x0"):
        read_plan(firmware, "esp32c3")


def test_an_application_beside_its_partition(tmp_path: Path) -> None:
    table = make_table(("ota_0", 0, 0x20000, 0x1000), ("ota_1", 0, 0x30000, 0x1000))
    with pytest.raises(FlashError, match="is to go to 0x10000, but .* are at: 0x20000, 0x30000"):
        read_plan(write_build(tmp_path, files={"0x8000": table}), "esp32c3")


def test_an_application_longer_than_its_partition_says_by_how_much(tmp_path: Path) -> None:
    app = make_image("esp32c3", 0x2000)
    with pytest.raises(FlashError, match=rf"is {len(app) - 0x1000} bytes longer than its partition factory \(4096"):
        read_plan(write_build(tmp_path, files={"0x10000": app}), "esp32c3")


def test_a_bootloader_that_reaches_into_the_table(tmp_path: Path) -> None:
    start = make_image("esp32c3", 0x8000)
    with pytest.raises(FlashError, match=rf"is {len(start) - 0x8000} bytes too long: part1.bin is at 0x8000"):
        read_plan(write_build(tmp_path, files={"0x0": start}), "esp32c3")


# The flow


def test_a_board_is_flashed_verified_reset_and_asked(tmp_path: Path) -> None:
    bench = FakeBench()
    assert flash(bench, request(write_build(tmp_path)), quiet) == "v1"
    port = BRIDGE.device
    writes = ["wrote 0x0", "wrote 0x8000", "wrote 0x10000"]
    assert bench.events == [f"connected {port}", *writes, "reset", "closed", "console closed", f"asked {port}"]


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    bench = FakeBench()
    flash(bench, request(write_build(tmp_path)), quiet)
    bench.events.clear()
    bench.boot = [HEALTHY]
    write_build(tmp_path, files={"0x10000": make_image("esp32c3", 128)})
    flash(bench, request(tmp_path / "firmware.bin"), quiet)
    assert [event for event in bench.events if event.startswith("wrote")] == ["wrote 0x10000"]


def test_an_image_for_another_chip_is_refused_before_the_port_is_opened(tmp_path: Path) -> None:
    bench = FakeBench()
    with pytest.raises(FlashError, match="is for esp32s3, not for esp32c3"):
        flash(bench, request(write_build(tmp_path, files={"0x10000": make_image("esp32s3")})), quiet)
    assert bench.events == []


def test_another_chip_than_the_image_is_for_keeps_its_firmware_and_runs_it(tmp_path: Path) -> None:
    bench = FakeBench(chip="esp32s3")
    with pytest.raises(FlashError, match="has an esp32s3, and the image is for esp32c3.*still has its old firmware"):
        flash(bench, request(write_build(tmp_path)), quiet)
    assert bench.flash == {} and bench.events[-2:] == ["reset", "closed"]


def test_a_failed_write_is_tried_once_more_and_slower(tmp_path: Path) -> None:
    bench = FakeBench()
    bench.failures = ["corrupt data"]
    said: list[str] = []
    assert flash(bench, request(write_build(tmp_path)), said.append) == "v1"
    assert bench.bauds == [460800, 115200]
    assert said == ["failed: corrupt data; again at 115200 baud"]


def test_a_write_that_fails_twice_names_the_log(tmp_path: Path) -> None:
    bench = FakeBench()
    bench.failures = ["corrupt data", "no answer"]
    with pytest.raises(FlashError, match=rf"no answer; the board is half-flashed.*log: {tmp_path}/flash.log"):
        flash(bench, request(write_build(tmp_path)), quiet)
    assert bench.bauds == [460800, 115200] and bench.events[-1] == "closed"


def test_a_port_that_is_busy_leaves_the_old_firmware(tmp_path: Path) -> None:
    bench = FakeBench()
    bench.refusals = {460800: "the port is busy"}
    with pytest.raises(FlashError, match="the port is busy; the board still has its old firmware"):
        flash(bench, request(write_build(tmp_path)), quiet)


def test_a_board_that_is_gone_at_the_second_try_is_half_flashed(tmp_path: Path) -> None:
    bench = FakeBench()
    bench.failures = ["no answer"]
    bench.refusals = {115200: "there is no such port"}
    with pytest.raises(FlashError, match="no such port; the board is half-flashed"):
        flash(bench, request(write_build(tmp_path)), quiet)


def test_the_only_esp32_board_is_found_among_others(tmp_path: Path) -> None:
    bench = FakeBench(PICO, NATIVE)
    flash(bench, request(write_build(tmp_path)), quiet)
    assert bench.events[0] == "connected /dev/ttyACM0"


def test_several_boards_need_a_port(tmp_path: Path) -> None:
    bench = FakeBench(BRIDGE, NATIVE)
    with pytest.raises(FlashError, match="several boards: /dev/ttyACM0, /dev/ttyUSB0; say which one with PORT="):
        flash(bench, request(write_build(tmp_path)), quiet)
    assert flash(bench, request(tmp_path / "firmware.bin", port=NATIVE.device), quiet) == "v1"


def test_no_board_says_what_was_seen(tmp_path: Path) -> None:
    with pytest.raises(FlashError, match=r"no serial port of an ESP32 board is there \(seen: /dev/ttyACM1\)"):
        flash(FakeBench(PICO), request(write_build(tmp_path)), quiet)


@pytest.mark.parametrize(
    ("boot", "message"),
    [
        ([b"boot:0x4 (DOWNLOAD(USB/UART0))\r\nwaiting for download\r\n"], "BOOT pin is held low"),
        (
            [b"Brownout detector was triggered\r\n", b"rst:0xf\r\nBrownout detector was triggered\r\n"],
            "supply breaks down",
        ),
        ([b"invalid header: 0xffffffff\r\n" * 2], "finds no program in its flash"),
        (
            [b"Guru Meditation Error: Core  0 panic'ed (Illegal instruction). \r\n"],
            "crashes: Guru Meditation Error: Core",
        ),
        ([b"rst:0x7 (TG0WDT_SYS_RST),boot:0x8\r\n"] * 4, r"resets again and again \(TG0WDT_SYS_RST\)"),
        ([], "shows no prompt within 45 s"),
    ],
)
def test_a_board_that_does_not_start_says_why(tmp_path: Path, boot: list[bytes], message: str) -> None:
    bench = FakeBench()
    bench.boot = boot
    with pytest.raises(FlashError, match=rf"was flashed and .*{message}.*log: {tmp_path}/flash.log"):
        flash(bench, request(write_build(tmp_path)), quiet)
    assert bench.events[-1] == "console closed"


def test_a_healthy_start_shows_no_trouble() -> None:
    assert diagnose(HEALTHY + HEALTHY) == ""


def test_another_version_than_expected_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FlashError, match="runs v1, expected v2"):
        flash(FakeBench(), request(write_build(tmp_path), version="v2"), quiet)


def test_a_board_that_does_not_answer_mpremote(tmp_path: Path) -> None:
    bench = FakeBench()
    bench.version = Done(1, "no device")
    with pytest.raises(FlashError, match="does not answer: no device; try mpremote connect"):
        flash(bench, request(write_build(tmp_path)), quiet)


# The real bench, as far as it goes without a board


def test_a_port_that_does_not_exist(tmp_path: Path) -> None:
    bench = EspBench(tmp_path / "logs" / "flash.log")
    for baud in (460800, 115200):  # twice, as after a failed write
        with pytest.raises(FlashError, match="there is no such port; plug the board in"):
            bench.connect("/dev/no-such-port", baud)


def test_a_line_that_goes_quiet_ends_in_time() -> None:
    with pytest.raises(TimeoutError, match="has stopped to answer"), deadline(0.05):
        while True:
            time.sleep(1)


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        (
            "Could not open /dev/x, the port is busy or doesn't exist. ([Errno 11] Could not exclusively lock)",
            "is busy; close",
        ),
        ("[Errno 13] Permission denied", "add yourself to the group"),
        ("Failed to connect to ESP32-C3: Wrong boot mode detected (0x8)!", "hold BOOT, press reset"),
        ("Failed to connect to Espressif device: No serial data received.", "hold BOOT, press reset"),
        ("Stub flasher is resident", "Stub flasher is resident"),
    ],
)
def test_what_esptool_says_becomes_a_cure(said: str, cure: str) -> None:
    assert cure in cure_for(said)
