"""Reference normals of random words for tests/statistics: |z| = -Phi^-1((2m + 1)/2^33) of the low 31 bits m, negative
where the highest bit is set; mpmath, 40 digits.

Words: 0, 1 and the other special ones; of each of the 32 octaves of 2m + 1 both ends, both sides of every 32nd border
of its 256 segments, and some words in between; the sign alternates.

Run: python3 tests/reference/inverse_normal.py > tests/reference/inverse_normal.csv   (mpmath 1.3.0)
"""

import random

from mpmath import erfinv, mp, mpf, sqrt

mp.dps = 40


def z(word):
    m = word & 0x7FFFFFFF
    upper = sqrt(mpf(2)) * erfinv(1 - mpf(2 * m + 1) / 2**32)
    return -upper if word >> 31 else upper


def words():
    rng = random.Random(20)
    chosen = {0, 1, 2, 3, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF, 0x40000000, 0x3FFFFFFF}
    count = 0
    for octave in range(32):
        low, high = 2**octave, 2 ** (octave + 1)  # of q = 2m + 1
        qs = {low, low + 1, high - 1, high - 2}
        for segment in range(0, 256, 32):
            border = low + (segment * (high - low) >> 8)
            qs |= {border - 1, border, border + 1}
        qs |= {rng.randrange(low, high) for _ in range(72)}
        for q in sorted(qs):
            if low <= q < high:
                chosen.add(q >> 1 | (count % 2) << 31)
                count += 1
    return sorted(chosen)


if __name__ == "__main__":
    print("word,z")
    for word in words():
        print(f"{word},{mp.nstr(z(word), 15)}")
