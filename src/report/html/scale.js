// Scales: from values to positions, with round ticks.
//
// Invariants: a scale always has a domain of positive width, also for one value or none; a logarithmic one has a positive
// lower end. `at` never leaves the range by more than the caller allows: values outside are clamped, and `inside` says so.

const Scale = (() => {
  /** Round steps: 1, 2 or 5 times a power of ten, as near as possible to so many ticks. */
  function linearTicks(lo, hi, about) {
    const rough = (hi - lo) / Math.max(about, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const off = (m) => Math.abs(Math.log((m * power) / rough));
    const step = power * [1, 2, 5, 10].reduce((best, m) => (off(m) < off(best) ? m : best));
    const ticks = [];
    for (let i = Math.ceil(lo / step - 1e-9); i * step <= hi + step * 1e-9; i++) ticks.push(Number((i * step).toPrecision(12)));
    return ticks;
  }

  /** Powers of ten, with 2 and 5 between them where there is room, thinned where there is not. */
  function logTicks(lo, hi, about) {
    const first = Math.floor(Math.log10(lo)), last = Math.ceil(Math.log10(hi));
    const within = (x) => x >= lo * (1 - 1e-9) && x <= hi * (1 + 1e-9);
    for (const steps of [[1, 2, 5], [1, 3], [1]]) {
      const ticks = [];
      for (let p = first; p <= last; p++) for (const m of steps) ticks.push(Number((m * 10 ** p).toPrecision(3)));
      const found = ticks.filter(within);
      if (found.length <= about && found.length >= 2) return found;
    }
    const powers = [];
    const every = Math.max(1, Math.ceil((last - first) / Math.max(about, 1)));
    for (let p = last; p >= first; p -= every) powers.unshift(Number((10 ** p).toPrecision(3)));
    const found = powers.filter(within);
    return found.length > 0 ? found : [lo, hi];
  }

  function linear({ lo, hi, from, to, about = 5 }) {
    if (!(hi > lo)) [lo, hi] = lo === 0 || !Format.known(lo) ? [0, 1] : [lo - Math.abs(lo) / 2, lo + Math.abs(lo) / 2];
    const at = (x) => from + ((Math.min(Math.max(x, lo), hi) - lo) / (hi - lo)) * (to - from);
    return { at, lo, hi, ticks: linearTicks(lo, hi, about), inside: (x) => x >= lo && x <= hi, log: false };
  }

  function log({ lo, hi, from, to, about = 5 }) {
    if (!(lo > 0)) lo = hi > 0 ? hi / 1e6 : 0.1;
    if (!(hi > lo)) [lo, hi] = [lo / 3, lo * 3];
    const [a, b] = [Math.log(lo), Math.log(hi)];
    const at = (x) => (x > 0 ? from + ((Math.min(Math.max(Math.log(x), a), b) - a) / (b - a)) * (to - from) : from);
    return { at, lo, hi, ticks: logTicks(lo, hi, about), inside: (x) => x >= lo && x <= hi, log: true };
  }

  /** The numbers of several lists that are numbers, and their ends; null where there is none. */
  function extent(...lists) {
    const found = lists.flat().filter(Format.known);
    return found.length === 0 ? null : [found.reduce((a, b) => Math.min(a, b)), found.reduce((a, b) => Math.max(a, b))];
  }

  return { linear, log, extent };
})();
