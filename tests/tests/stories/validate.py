"""Reads files with independent programs (sigmf, numpy, wave) and prints what they hold, as JSON."""

import json
import sys
import wave

import numpy
import sigmf


def recording(path):
    handle = sigmf.fromfile(path)
    handle.validate()
    samples = numpy.asarray(handle.read_samples())
    pairs = samples.view(samples.real.dtype).tolist()
    return {
        "values": [float(v) for v in pairs],
        "sample_rate": handle.get_global_field("core:sample_rate"),
        "captures": handle.get_captures(),
        "annotations": handle.get_annotations(),
        "global": handle.get_global_info(),
    }


def table(path):
    return {"values": numpy.loadtxt(path, delimiter=",", comments="#", skiprows=2)[:, 1:].ravel().tolist()}


def sound(path):
    with wave.open(path) as file:
        raw = file.readframes(file.getnframes())
        values = numpy.frombuffer(raw, dtype="<i2").tolist()
        return {"values": values, "sample_rate": file.getframerate(), "channels": file.getnchannels()}


def arrays(folder):
    """Writes what numpy.save makes of known values, for the other direction."""
    iq = (numpy.arange(64) / 64 - 0.5 + 1j * numpy.arange(64) / 128).astype("complex64")
    numpy.save(folder + "/c64.npy", iq)
    numpy.save(folder + "/c128.npy", iq.astype("complex128"))
    numpy.save(folder + "/be.npy", iq.astype(">c8"))
    numpy.save(folder + "/f32.npy", iq.real.astype("float32"))
    numpy.save(folder + "/i16.npy", numpy.stack([iq.real * 32768, iq.imag * 32768], axis=1).astype("int16"))
    with open(folder + "/v2.npy", "wb") as file:
        numpy.lib.format.write_array(file, iq, version=(2, 0))
    return {"values": [float(v) for v in iq.view("float32").tolist()]}


ACTIONS = {"recording": recording, "table": table, "sound": sound, "arrays": arrays}
print(json.dumps(ACTIONS[sys.argv[1]](sys.argv[2])))
