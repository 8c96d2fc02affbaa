"""What is added to a voice before it is recognised: noise, reverberation, a telephone's band; reproducible by seed."""

from __future__ import annotations

import random

import numpy as np

from benchmarks.sounds_like.voices import RATE, Wave

ENVIRONMENTS = {"clean": 0.50, "noise": 0.30, "room": 0.15, "telephone": 0.05}


def choose_environment(chance: random.Random) -> str:
    return chance.choices(tuple(ENVIRONMENTS), tuple(ENVIRONMENTS.values()))[0]


def apply_environment(sound: Wave, where: str, seed: int) -> Wave:
    """The sound at a fixed loudness, as it is in one of ENVIRONMENTS."""
    dice = np.random.default_rng(seed)
    if where == "room":
        sound = _add_reverberation(sound, dice)
    if where == "telephone":
        sound = _band_pass(sound, 300, 3400)
    if where in ("noise", "telephone"):
        sound = sound + _pink_noise(sound, dice, decibels=dice.uniform(12, 25))
    level = float(np.sqrt(np.mean(sound**2))) or 1.0
    loud: Wave = np.clip(sound * (0.06 / level), -1, 1).astype(np.float32)
    return loud


def _pink_noise(sound: Wave, dice: np.random.Generator, decibels: float) -> Wave:
    """Pink noise, ``decibels`` below the voice."""
    spectrum = np.fft.rfft(dice.standard_normal(len(sound)))
    pink = np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)), len(sound))
    pink *= np.sqrt(np.mean(sound**2) / np.mean(pink**2)) * 10 ** (-decibels / 20)
    return pink.astype(np.float32)


def _add_reverberation(sound: Wave, dice: np.random.Generator) -> Wave:
    """Echoes that fall by 60 dB in 0.2 to 0.5 s: exponentially decaying noise as the impulse response."""
    fall = dice.uniform(0.2, 0.5)
    times = np.arange(int(fall * RATE)) / RATE
    echo = dice.standard_normal(len(times)) * 10 ** (-3 * times / fall) * 0.03
    echo[0] = 1.0
    size = len(sound) + len(echo) - 1
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(echo, size), size)[: len(sound)].astype(np.float32)


def _band_pass(sound: Wave, low: float, high: float) -> Wave:
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum[(hertz < low) | (hertz > high)] *= 0.01
    return np.fft.irfft(spectrum, len(sound)).astype(np.float32)
