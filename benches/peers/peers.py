"""Array programs that sample and multiply four lognormal factors and sum over models: one total per draw.

Prints "name rate" lines, rate in million model-draws per second. 5,000 models x 2,000 draws, as users write it.
Each is warmed up once and timed once; the benchmark that calls this takes medians over rounds.
"""
import time

import numpy as np

MODELS, DRAWS = 5000, 2000
rng = np.random.default_rng(1)
MU = np.log(rng.uniform(1.0, 5.0, (4, MODELS)))
SD = rng.uniform(0.1, 0.6, (4, MODELS))


def report(name, run):
    run()
    start = time.perf_counter()
    run()
    print(f"{name} {MODELS * DRAWS / (time.perf_counter() - start) / 1e6:.2f}", flush=True)


def numpy_plain():
    g = np.random.default_rng(2)
    value = np.ones((DRAWS, MODELS))
    for mu, sd in zip(MU, SD):
        value *= g.lognormal(mu, sd, (DRAWS, MODELS))
    return value.sum(axis=1)


def numpy_best():
    """float32, log space, one exp, chunks that fit the cache, two threads."""
    from concurrent.futures import ThreadPoolExecutor

    mu = MU.sum(axis=0).astype(np.float32)
    sd = SD.astype(np.float32)
    chunk = 16

    def part(seed):
        g = np.random.Generator(np.random.SFC64(seed))
        total = np.empty(DRAWS // 2, np.float32)
        z = np.empty((chunk, MODELS), np.float32)
        for i in range(0, DRAWS // 2, chunk):
            n = min(chunk, DRAWS // 2 - i)
            y = np.broadcast_to(mu, (n, MODELS)).copy()
            for k in range(4):
                g.standard_normal(out=z, dtype=np.float32)
                z[:n] *= sd[k]
                y += z[:n]
            np.exp(y, out=y)
            total[i : i + n] = y.sum(axis=1)
        return total

    with ThreadPoolExecutor(2) as pool:
        return np.concatenate(list(pool.map(part, (1, 2))))


report("NumPy plain (float64)", numpy_plain)
report("NumPy best (float32, log space, 2 threads)", numpy_best)

try:
    import jax
    import jax.numpy as jnp
except ImportError:
    raise SystemExit

mu32, sd32 = jnp.asarray(MU.sum(axis=0), jnp.float32), jnp.asarray(SD, jnp.float32)


@jax.jit
def naive(key):
    z = jax.random.normal(key, (DRAWS, 4, MODELS), jnp.float32)
    return jnp.exp(mu32 + (z * sd32).sum(axis=1)).sum(axis=1)


@jax.jit
def chunked(key):
    def step(carry, k):
        z = jax.random.normal(k, (8, 4, MODELS), jnp.float32)
        return carry, jnp.exp(mu32 + (z * sd32).sum(axis=1)).sum(axis=1)

    return jax.lax.scan(step, 0, jax.random.split(key, DRAWS // 8))[1].reshape(-1)


key = jax.random.key(1)
report("JAX jit", lambda: naive(key).block_until_ready())
report("JAX jit, chunked", lambda: chunked(key).block_until_ready())
