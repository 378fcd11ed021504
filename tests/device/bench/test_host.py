"""What a bench record says of the machine."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from wakeful.device.bench.counters import Counters
from wakeful.device.bench.host import emulation, features, host, versions, wakeful_version
from wakeful.device.bench.sampler import Sampler

SNAPDRAGON = (
    "processor\t: 0\nFeatures\t: fp asimd asimdhp asimddp i8mm bf16\nCPU part\t: 0xd4d\nHardware\t: Qualcomm QCS6490\n"
)


def tree(root: Path, files: dict[str, str]) -> Path:
    """A little /proc and /sys below ``root``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return root


def test_a_board_tells_its_chip_its_governor_and_what_its_cores_can(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {
            "proc/cpuinfo": SNAPDRAGON,
            "proc/meminfo": "MemTotal:        5683212 kB\n",
            "proc/device-tree/model": "Radxa Dragon Q6A\0",
            "sys/devices/soc0/family": "Snapdragon\n",
            "sys/devices/soc0/machine": "QCS6490\n",
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "schedutil\n",
            "sys/devices/system/cpu/cpu7/cpufreq/scaling_governor": "performance\n",
            "sys/devices/system/cpu/cpu7/cpufreq/cpuinfo_max_freq": "2707200\n",
        },
    )
    told = host(root, "aarch64")
    assert told["soc"] == "Snapdragon QCS6490"
    assert told["board"] == "Radxa Dragon Q6A"
    assert told["processor"] == "Qualcomm QCS6490"
    assert told["governor"] == "performance, schedutil"
    assert told["clock_max_mhz"] == 2707.2
    assert told["features"] == ["NEON", "fp16", "dotprod", "i8mm", "bf16"]
    assert told["memory_mb"] == 5550
    assert told["absent"] == {}


def test_what_a_machine_does_not_tell_is_none_with_its_reason(tmp_path: Path) -> None:
    told = host(tmp_path)
    for name in ("soc", "board", "governor", "clock_max_mhz", "memory_mb", "processor"):
        assert told[name] is None
        assert told["absent"][name]


def test_vnni_is_told_and_flags_of_another_kind_of_processor_are_not() -> None:
    assert features("flags\t\t: fpu avx2 avx512_vnni\n", "aarch64") == []
    assert features("flags\t\t: fpu avx2 avx512_vnni\n", "x86_64") == ["AVX2", "VNNI"]


@pytest.mark.parametrize(
    ("machine", "cpuinfo", "maps", "emulated"),
    [
        ("x86_64", "model name\t: AMD EPYC\nflags\t: hypervisor\n", "", False),
        ("x86_64", "model name\t: QEMU TCG CPU version 2.5+\n", "", True),
        ("aarch64", SNAPDRAGON, "", False),
        ("aarch64", "vendor_id\t: GenuineIntel\nmodel name\t: Xeon\n", "", True),
        ("aarch64", SNAPDRAGON, "7f00-7f01 r-xp 0 0:0 0 /usr/bin/qemu-aarch64-static\n", True),
    ],
)
def test_an_emulator_is_noticed_and_a_virtual_machine_is_none(
    tmp_path: Path, machine: str, cpuinfo: str, maps: str, emulated: bool
) -> None:
    root = tree(tmp_path, {"proc/cpuinfo": cpuinfo, f"proc/self/task/{threading.get_native_id()}/maps": maps})
    assert (emulation(root, machine) is not None) is emulated


def test_this_machine_is_not_emulated_and_names_its_libraries() -> None:
    assert emulation() is None
    assert {"python", "numpy", "onnxruntime"} <= set(versions())
    assert wakeful_version()["version"]


def test_counters_are_read_where_they_are(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {
            "sys/class/thermal/thermal_zone0/temp": "41000",
            "sys/class/thermal/thermal_zone1/temp": "56500",
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1804800",
            "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "2400000",
            "proc/loadavg": "1.25 0.9 0.5 1/99 1234",
            "proc/stat": "cpu 100 0 0 900 0 0 0 0 0 0\n",
        },
    )
    counters = Counters(root)
    assert counters.temperature_c().value == 56.5
    assert counters.clock_mhz().value == pytest.approx(2102.4)
    assert counters.load().value == 1.25
    assert counters.busy()[0].value is None
    tree(tmp_path, {"proc/stat": "cpu 160 0 0 920 0 0 0 20 0 0\n"})
    busy, stolen = counters.busy()
    assert (busy.value, stolen.value) == (0.6, 0.2)


def test_an_absent_counter_is_none_with_its_reason_and_never_zero(tmp_path: Path) -> None:
    counters = Counters(tmp_path)
    for reading in (counters.temperature_c(), counters.clock_mhz(), counters.load(), *counters.busy()):
        assert reading.value is None
        assert reading.reason
    assert counters.energy() is None
    assert "no energy" in counters.no_energy()


def test_energy_counters_are_subtracted_even_where_they_wrap(tmp_path: Path) -> None:
    zone = "sys/class/powercap/intel-rapl:0"
    root = tree(
        tmp_path, {f"{zone}/energy_uj": "900", f"{zone}/max_energy_range_uj": "1000", f"{zone}/name": "package"}
    )
    energy = Counters(root).energy()
    assert energy is not None
    assert energy.step(0.0) == 0.0
    tree(tmp_path, {f"{zone}/energy_uj": "200"})
    assert energy.step(1.0) == pytest.approx(300e-6)


def test_a_power_sensor_is_summed_up_over_time(tmp_path: Path) -> None:
    sensor = "sys/class/power_supply/battery"
    root = tree(tmp_path, {f"{sensor}/voltage_now": "4000000", f"{sensor}/current_now": "-500000"})
    energy = Counters(root).energy()
    assert energy is not None
    energy.step(10.0)
    assert energy.step(13.0) == pytest.approx(6.0)  # 2 W for 3 s


def test_the_sampler_reads_at_both_ends_and_between(tmp_path: Path) -> None:
    root = tree(tmp_path, {"sys/class/thermal/thermal_zone0/temp": "40000"})
    with Sampler(Counters(root), period_s=0.02) as sampler:
        threading.Event().wait(0.15)
        tree(tmp_path, {"sys/class/thermal/thermal_zone0/temp": "45000"})
    figures, absent = sampler.figures()
    assert (figures["temperature_start_c"], figures["temperature_end_c"]) == (40.0, 45.0)
    assert figures["load"] is None
    assert absent["load"] == "no /proc/loadavg"
    assert len(sampler.samples) >= 4
