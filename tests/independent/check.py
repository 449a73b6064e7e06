#!/usr/bin/env python3
"""Holds the command line against signals made by NumPy, whose true values follow from algebra.

usage: check.py [--binary target/release/faultscope] [--only NAME[,NAME]] [--trials N] [--seed N]

Every row of the printed table is one promise: what was asked, the worst or rms error found, what is allowed. Exits with
1 when a promise does not hold. Needs NumPy; nothing of this program takes part in making a signal or its true values.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

WINDOWS = "rectangular hann hamming blackman blackman-harris nuttall kaiser flat-top hft95 hft144d".split()


class Bench:
    """Runs the program on arrays and keeps the table of promises."""

    def __init__(self, binary, trials, seed):
        self.binary, self.trials, self.rng = binary, trials, np.random.default_rng(seed)
        self.folder = tempfile.TemporaryDirectory()
        self.count, self.rows = 0, []

    def keep(self, values, kind):
        self.count += 1
        path = pathlib.Path(self.folder.name) / f"{self.count:06d}.{kind}"
        types = {"cf32": np.complex64, "cf64": np.complex128, "f32": np.float32, "f64": np.float64}
        np.asarray(values, types[kind]).tofile(path)
        return path

    def run(self, command, arrays, rate, kind, *options):
        """One batch: the captures of the JSON answer, in the order of the arrays."""
        paths = [self.keep(a, kind) for a in arrays]
        words = [self.binary, command, *map(str, paths), "--format", kind, "--rate", repr(float(rate)), "--json", *options]
        done = subprocess.run(words, capture_output=True, check=False)
        if done.returncode not in (0, 1, 3):
            sys.exit(f"{command} ended with {done.returncode}: {done.stderr.decode()[:500]}")
        answers = json.loads(done.stdout)["captures"]
        for path in paths:
            path.unlink()
        return answers

    def holds(self, what, found, allowed, unit=""):
        good = bool(np.isfinite(found)) and found <= allowed
        self.rows.append(good)
        print(f"{'ok  ' if good else 'FAIL'} {what:<66} {found:10.4g} <= {allowed:g} {unit}", flush=True)

    def noise(self, n, rms, complex_=True):
        if not complex_:
            return self.rng.normal(0, rms, n)
        return (self.rng.normal(0, rms, n) + 1j * self.rng.normal(0, rms, n)) / np.sqrt(2)


def reading(capture, name):
    for r in capture["readings"]:
        if r["id"] == name:
            return r["value"] if r["value"] is not None else np.nan
    return np.nan


def db(ratio):
    return 10 * np.log10(ratio)


def tone(n, rate, f, amplitude, phase=0.0):
    return amplitude * np.exp(1j * (2 * np.pi * f / rate * np.arange(n) + phase))


def level(b):
    """Level of a steady tone at 40 dB SNR, every window, any place between bins."""
    rate, n, fft = 1e6, 262144, 4096
    for window in WINDOWS:
        places = np.linspace(0, 1, 11)
        signals = [tone(n, rate, (700 + p) * rate / fft, 0.5, p) + b.noise(n, 0.005) for p in places]
        got = [reading(c, "carrier_level") for c in b.run("spurs", signals, rate, "cf32", "--window", window, "--fft", str(fft))]
        b.holds(f"level of a tone, {window}", np.max(np.abs(np.array(got) - db(0.25))), 0.02, "dB")


def density(b):
    rate, n = 1e6, 1_000_000
    signal = tone(n, rate, 123456.7, 0.1) + b.noise(n, 1e-3)
    for window in WINDOWS:
        c = b.run("spurs", [signal], rate, "cf32", "--window", window)[0]
        got = c["noise"]["density_db_per_hz"]
        b.holds(f"noise density, {window}", abs(got - db(1e-6 / rate)), 0.1, "dB")


def frequency(b):
    """Rms error over the bound of Cramer and Rao, complex and real tones, N = 4096."""
    rate, n, amplitude = 48e3, 4096, 0.5
    for real in (False, True):
        for snr in (10, 20, 40, 60):
            f = b.rng.uniform(0.1, 0.4, b.trials) * rate
            eta = 10 ** (snr / 10)
            if real:
                rms = np.sqrt(amplitude**2 / 2 / eta)
                t = np.arange(n)
                s = [amplitude * np.cos(2 * np.pi * x / rate * t + b.rng.uniform(0, 6.28)) + b.noise(n, rms, False) for x in f]
                bound = rate / (2 * np.pi) * np.sqrt(12 / (eta * n**3))
            else:
                rms = np.sqrt(amplitude**2 / eta)
                s = [tone(n, rate, x, amplitude, b.rng.uniform(0, 6.28)) + b.noise(n, rms) for x in f]
                bound = rate / (2 * np.pi) * np.sqrt(6 / (eta * n**3))
            got = [reading(c, "carrier_frequency") for c in b.run("spurs", s, rate, "f64" if real else "cf64")]
            error = np.sqrt(np.mean((np.array(got) - f) ** 2))
            # With few trials the ratio itself scatters by 1 / sqrt(2 trials).
            allowed = 1.1 + 2.5 / np.sqrt(2 * b.trials)
            b.holds(f"frequency / bound, {'real' if real else 'complex'}, {snr} dB SNR", error / bound, allowed)


def peers(b):
    """SNR, SINAD, THD, SFDR of random tones, N = 4096: half the rms error of the better of two peers."""
    n, rate = 4096, 1e6
    errors = {k: [] for k in ("snr", "sinad", "thd", "sfdr")}
    signals, truths = [], []
    for _ in range(b.trials):
        f = b.rng.uniform(0.02, 0.045) * rate
        t = np.arange(n)
        rms = 10 ** (-b.rng.uniform(50, 70) / 20) / np.sqrt(2)
        x = np.cos(2 * np.pi * f / rate * t + b.rng.uniform(0, 6.28)) * 0.9
        harmonics = [0.9 * 10 ** (-b.rng.uniform(45, 60) / 20) for _ in range(3)]
        for k, a in enumerate(harmonics):
            x = x + a * np.cos(2 * np.pi * f * (k + 2) / rate * t + b.rng.uniform(0, 6.28))
        noise = b.noise(n, rms * 0.9, False)
        signals.append(x + noise)
        # The noise that is there, not the one that was meant: in 4096 samples they differ by 0.1 dB rms.
        p, h, w = 0.405, sum(a * a / 2 for a in harmonics), np.mean(noise**2)
        truths.append({"snr": db(p / w), "sinad": db(p / (w + h)), "thd": db(h / p), "sfdr": db(p / (max(harmonics) ** 2 / 2))})
    for c, truth in zip(b.run("spurs", signals, rate, "f64"), truths):
        for k in errors:
            errors[k].append(reading(c, k) - truth[k])
    for k, theirs in (("snr", 0.23), ("sinad", 0.09), ("thd", 0.87), ("sfdr", 0.91)):
        b.holds(f"{k} of random tones, N = 4096, rms error", np.sqrt(np.mean(np.square(errors[k]))), theirs / 2, "dB")


def quality(b):
    """SFDR, THD, SNR, SINAD of longer records: within 0.1 dB each."""
    n, rate = 131072, 1e6
    signals, truths = [], []
    for _ in range(b.trials // 4 + 1):
        f, t = b.rng.uniform(0.01, 0.045) * rate, np.arange(n)
        a = b.rng.uniform(0.1, 0.9)
        rms = a / np.sqrt(2) * 10 ** (-b.rng.uniform(55, 75) / 20)
        x = a * np.cos(2 * np.pi * f / rate * t)
        harmonics = [a * 10 ** (-b.rng.uniform(50, 60) / 20) for _ in range(4)]
        for k, h in enumerate(harmonics):
            x = x + h * np.cos(2 * np.pi * f * (k + 2) / rate * t + b.rng.uniform(0, 6.28))
        spur = a * 10 ** (-b.rng.uniform(45, 60) / 20)
        x = x + spur * np.cos(2 * np.pi * b.rng.uniform(0.3, 0.45) * t)
        noise = b.noise(n, rms, False)
        signals.append(x + noise)
        p, h, w, s = a * a / 2, sum(v * v / 2 for v in harmonics), np.mean(noise**2), spur**2 / 2
        truths.append({"snr": db(p / (w + s)), "sinad": db(p / (w + s + h)), "thd": db(h / p),
                       "sfdr": db(p / max(s, max(v * v / 2 for v in harmonics)))})
    worst = dict.fromkeys(("snr", "sinad", "thd", "sfdr"), 0.0)
    for c, truth in zip(b.run("spurs", signals, rate, "f64"), truths):
        for k in worst:
            worst[k] = max(worst[k], abs(reading(c, k) - truth[k]))
    for k, found in worst.items():
        b.holds(f"{k}, worst error", found, 0.1, "dB")


def shaped(b, n, shape):
    """Complex noise of a given floor, by filtering in the frequency domain."""
    f = np.fft.fftfreq(n)
    gain = {"white": np.ones(n), "sloped": 10 ** (-40 * np.abs(f) / 20 * 2), "stepped": np.where(np.abs(f) < 0.15, 1.0, 0.03),
            "notched": np.where(np.abs(np.abs(f) - 0.2) < 0.02, 0.03, 1.0)}[shape]
    return np.fft.ifft(np.fft.fft(b.noise(n, 1e-2)) * gain)


def alarms(b):
    for shape in ("white", "sloped", "stepped", "notched"):
        trials, false = b.trials, 0
        for c in b.run("spurs", [shaped(b, 65536, shape) for _ in range(trials)], 1e6, "cf32"):
            false += any(s["origin"] != "dc" for s in c["spurs"])
        # 1 % and what chance adds to it in so few trials (three standard deviations).
        b.holds(f"spectra with a false alarm, {shape} floor", false / trials, 0.01 + 3 * np.sqrt(0.0099 / trials))


def far(b):
    """Weak lines: -80 dBc five bins away, -110 dBc far away."""
    n, rate = 1 << 20, 1e6
    x = tone(n, rate, 100e3, 0.9) + b.noise(n, 1e-7)
    width = rate / 65536
    lines = {"-80 dBc five bins away": (100e3 + 5 * width, -80), "-110 dBc far away": (-312345.6, -110)}
    for f, dbc in lines.values():
        x = x + tone(n, rate, f, 0.9 * 10 ** (dbc / 20), 1.0)
    c = b.run("spurs", [x], rate, "cf64")[0]
    for what, (f, dbc) in lines.items():
        near = [s for s in c["spurs"] if abs(s["offset_hz"] - f) < width]
        b.holds(what, min((abs(s["level_dbc"] - dbc) for s in near), default=np.inf), 0.5, "dB")
    x = tone(n, rate, 100e3, 0.5) + tone(n, rate, -200e3, 1e-3) + tone(n, rate, -200e3 + 3 * width, 1e-3, 2.0) + b.noise(n, 1e-4)
    c = b.run("spurs", [x], rate, "cf32")[0]
    near = sorted(s["offset_hz"] for s in c["spurs"] if abs(s["offset_hz"] + 200e3 - 1.5 * width) < 4 * width)
    b.holds("two lines three bins apart: lines missing or too many", abs(len(near) - 2), 0)


def supply(b):
    rate, n = 50e3, 50_000
    t = np.arange(n) / rate
    worst_f, worst_a = 0.0, 0.0
    signals, truths = [], []
    for _ in range(b.trials // 10 + 5):
        f = b.rng.uniform(49.8, 50.2)
        amplitudes = {2: 0.2, 4: 0.08, 6: 0.03}
        x = -48 + sum(a * np.cos(2 * np.pi * k * f * t + b.rng.uniform(0, 6.28)) for k, a in amplitudes.items())
        rms = np.sqrt(sum(a * a / 2 for a in amplitudes.values()))
        signals.append(x + b.noise(n, rms / 100, False))
        truths.append((f, amplitudes))
    for c, (f, amplitudes) in zip(b.run("ripple", signals, rate, "f64", "--scale", "1"), truths):
        mains = c["ripple"]["mains"]
        if mains is None:
            worst_f = np.inf
            continue
        worst_f = max(worst_f, abs(mains["fundamental_hz"] - f))
        for line in mains["lines"]:
            if line["order"] in amplitudes:
                a = amplitudes[line["order"]]
                worst_a = max(worst_a, abs(line["amplitude_v"] / a - 1))
    b.holds("mains fundamental, 1 s, 40 dB SNR", worst_f, 0.005, "Hz")
    b.holds("amplitude of a mains line, relative", worst_a, 0.005)


def psophometric(b):
    """The table of ITU-T O.41, a tone at each of its points."""
    table = {16.66: -85, 50: -63, 100: -41, 200: -21, 300: -10.6, 400: -6.3, 500: -3.6, 600: -2, 700: -0.9, 800: 0, 900: 0.6,
             1000: 1, 1200: 0, 1400: -0.9, 1600: -1.7, 1800: -2.4, 2000: -3, 2500: -4.2, 3000: -5.6, 3500: -8.5, 4000: -15,
             4500: -25, 5000: -36, 6000: -43}
    rate, n = 48e3, 96_000
    t = np.arange(n) / rate
    signals = [48 + np.sqrt(2) * 0.1 * np.cos(2 * np.pi * f * t) + b.noise(n, 1e-9, False) for f in table]
    answers = b.run("ripple", signals, rate, "f64", "--scale", "1")
    errors = {f: abs(20 * np.log10(c["ripple"]["psophometric_v"] / 0.1) - w) for (f, w), c in zip(table.items(), answers)}
    for f in [f for f in errors if errors[f] > 0.1]:
        print(f"     {f} Hz: {errors[f]:.3f} dB off")
    b.holds("psophometric weighting at its points", max(errors.values()), 0.1, "dB")


def families(b):
    """Mains, switching, spikes, drift and noise together."""
    rate, n = 500e3, 1_000_000
    t = np.arange(n) / rate
    drift = 0.05 * np.sin(2 * np.pi * 1.5 * t)
    mains = 0.1 * np.cos(2 * np.pi * 100.06 * t) + 0.04 * np.cos(2 * np.pi * 200.12 * t + 1)
    switching = 0.03 * np.cos(2 * np.pi * 61234.5 * t) + 0.01 * np.cos(2 * np.pi * 122469.0 * t + 0.4)
    random = b.noise(n, 0.003, False)
    spikes = np.zeros(n)
    places = np.sort(b.rng.choice(np.arange(100, n - 100, 50), 300, replace=False))
    spikes[places] = 0.06 * b.rng.choice([-1, 1], places.size)
    r = b.run("ripple", [-48 + drift + mains + switching + random + spikes], rate, "f64", "--scale", "1")[0]["ripple"]
    rms = lambda v: np.sqrt(np.mean(v * v))
    b.holds("mains rms, relative", abs(r["mains"]["rms_v"] / rms(mains) - 1), 0.01)
    b.holds("switching rms, relative", abs(r["switching"]["rms_v"] / rms(switching) - 1), 0.01)
    b.holds("drift rms, relative", abs(r["drift"]["rms_v"] / rms(drift) - 1), 0.01)
    b.holds("random rms, relative", abs(r["random"]["rms_v"] / 0.003 - 1), 0.01)
    b.holds("spikes miscounted of 300", abs(r["spikes"]["count"] - 300), 0)
    b.holds("energy balance off 1", abs(r["energy_balance"] - 1), 0.01)


def step(b):
    """A load step: depth and recovery into 1 % of the dc voltage's window."""
    rate, n = 100e3, 200_000
    t = np.arange(n) / rate
    tau, depth, at = 0.02, 2.0, 0.7
    x = 48 - np.where(t >= at, depth * np.exp(-(np.maximum(t - at, 0)) / tau), 0) + b.noise(n, 0.01, False)
    r = b.run("ripple", [x], rate, "f64", "--scale", "1")[0]["ripple"]
    events = [e for e in r["events"] if abs(e["start_s"] - at) < 0.01]
    if not events:
        b.holds("load step found", np.inf, 0)
        return
    b.holds("load-step depth, relative", abs(abs(events[0]["depth_v"]) / depth - 1), 0.02)


def channel(b):
    """An OFDM-like band of 9 MHz between flat neighbours 45 dB below."""
    rate, n = 30.72e6, 1 << 20
    f = np.fft.fftfreq(n, 1 / rate)
    spectrum = b.noise(n, 1.0)
    own, near = np.abs(f) < 4.5e6, (np.abs(np.abs(f) - 10e6) < 4.5e6)
    shape = np.where(own, 1.0, np.where(near, 10 ** (-45 / 20), 10 ** (-70 / 20)))
    x = np.fft.ifft(spectrum * shape)
    x *= 0.1 / np.sqrt(np.mean(np.abs(x) ** 2))
    c = b.run("channel", [x], rate, "cf32", "--standard", "lte10")[0]
    power = np.abs(np.fft.fft(x)) ** 2
    total = np.cumsum(np.fft.fftshift(power)) / power.sum()
    axis = np.fft.fftshift(f)
    truth = axis[np.searchsorted(total, 0.995)] - axis[np.searchsorted(total, 0.005)]
    b.holds("occupied bandwidth, relative", abs(reading(c, "occupied_bandwidth") / truth - 1), 0.005)
    aclr = [r["value"] for r in c["readings"] if r["id"].startswith("aclr") and r["value"] is not None]
    sides = [db(power[own].sum() / power[(f * s > 0) & near].sum()) for s in (-1, 1)]
    b.holds("ACLR, worse side", abs(min(aclr, default=np.nan) - min(sides)), 0.2, "dB")


def modulation(b):
    rate, n, fm = 240e3, 480_000, 1000.0
    t = np.arange(n) / rate
    noise = b.noise(n, 0.5 * 10 ** (-30 / 20))
    am = 0.5 * (1 + 0.3 * np.cos(2 * np.pi * fm * t)) * np.exp(2j * np.pi * 12345 * t) + noise
    c = b.run("modulation", [am], rate, "cf32")[0]
    b.holds("AM depth, relative", abs(reading(c, "am_depth") / 30.0 - 1), 0.005)
    fmod = 0.5 * np.exp(1j * (2 * np.pi * 12345 * t + 3.0 * np.sin(2 * np.pi * fm * t))) + noise
    c = b.run("modulation", [fmod], rate, "cf32")[0]
    b.holds("FM deviation, relative", abs(reading(c, "fm_deviation") / 3000.0 - 1), 0.005)


def main():
    checks = [level, density, frequency, peers, quality, alarms, far, supply, psophometric, families, step, channel, modulation]
    names = {c.__name__: c for c in checks}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default="target/release/faultscope")
    parser.add_argument("--only", default=",".join(names))
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    bench = Bench(options.binary, options.trials, options.seed)
    for name in options.only.split(","):
        names[name](bench)
    failed = bench.rows.count(False)
    print(f"{len(bench.rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
