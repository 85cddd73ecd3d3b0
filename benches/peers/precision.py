"""Median and 95 % interval of the total of a portfolio, by array programs, as users write them.

    python3 benches/peers/precision.py MODELS DRAWS ROUND      # one round of benches/precision.rs

Each model is a product of three lognormals of its own and three that all models share. Prints "name, seconds, lower end,
median, upper end" in kt, separated by tabs. NumPy and JAX draw at random, in chunks; SALib draws Latin hypercubes of all
inputs, 4,096 rows at a time, in round 0 only. NumPy and JAX are warmed up once.
"""

import sys
import time

import numpy as np

models, draws, first = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "0"
OWN, SHARED = np.array([0.8, 0.3, 0.4]), np.array([0.3, 0.2, 0.1])
# Compute in FLOP, over FLOP per J, over J per kWh, times PUE, times g/kWh, in t.
MEDIAN = (1 + np.arange(models) % 13) * 1e22 / 2e11 / 3.6e6 * 1.2 * 400 / 1e6
SIGN = np.array([1, -1, 1])


def report(name, run, warm=True):
    if warm:
        run()
    start = time.perf_counter()
    lo, mid, hi = np.quantile(np.asarray(run(), dtype=float), [0.025, 0.5, 0.975]) / 1e3
    print(name, time.perf_counter() - start, lo, mid, hi, sep="\t", flush=True)


def numpy_chunked(chunk=512):
    rng = np.random.default_rng(2)
    total = np.empty(draws)
    for at in range(0, draws, chunk):
        n = min(chunk, draws - at)
        value = np.broadcast_to(MEDIAN, (n, models)).copy()
        for own, shared in zip(OWN, SHARED):
            value *= np.exp(rng.normal(0, own, (n, models)) + rng.normal(0, shared, (n, 1)))
        total[at : at + n] = value.sum(axis=1)
    return total


report("NumPy, chunked (float64)", numpy_chunked)

try:
    import jax
    import jax.numpy as jnp

    median32, own32, shared32 = (jnp.asarray(x, jnp.float32) for x in (np.log(MEDIAN), OWN, SHARED))

    @jax.jit
    def jax_chunked(key):
        def step(carry, key):
            own, shared = jax.random.split(key)
            z = jax.random.normal(own, (8, 3, models), jnp.float32)
            common = jax.random.normal(shared, (8, 3), jnp.float32) @ shared32
            return carry, jnp.exp(median32 + jnp.einsum("k,ckm->cm", own32, z) + common[:, None]).sum(axis=1)

        return jax.lax.scan(step, 0, jax.random.split(key, draws // 8))[1].reshape(-1)

    report("JAX jit, chunked (float32)", lambda: jax_chunked(jax.random.key(1)).block_until_ready())
except ImportError:
    pass

if not first:
    raise SystemExit

try:
    from SALib.sample import latin

    # SALib's lognormals: mean and standard deviation of the logarithm.
    problem = {
        "num_vars": 3 * models + 3,
        "names": [f"x{i}" for i in range(3 * models + 3)],
        "dists": ["lognorm"] * (3 * models + 3),
        "bounds": [[0, sd] for sd in OWN for _ in range(models)] + [[0, sd] for sd in SHARED],
    }

    def salib(chunk=4096):
        total = np.empty(draws)
        for at in range(0, draws, chunk):
            x = latin.sample(problem, min(chunk, draws - at), seed=at + 1)
            own = np.prod(x[:, : 3 * models].reshape(-1, 3, models) ** SIGN[:, None], axis=1)
            total[at : at + len(x)] = (MEDIAN * own).sum(axis=1) * np.prod(x[:, 3 * models :] ** SIGN, axis=1)
        return total

    report("SALib, Latin hypercubes", salib, warm=False)
except ImportError:
    pass
