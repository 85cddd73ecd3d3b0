// A distribution given by its quantiles: probabilities and values between them by linear interpolation.
//
// Invariants: levels rise and values do not fall. Outside the outermost levels nothing is extrapolated: a probability is
// then null, with `beyond` saying on which side.

const Quantile = (() => {
  /** The value at a level, within the levels given. */
  function at(levels, values, level) {
    if (!values || values.length === 0) return null;
    const last = levels.length - 1;
    if (level <= levels[0]) return values[0];
    if (level >= levels[last]) return values[last];
    const i = firstAbove(levels, level);
    const part = (level - levels[i - 1]) / (levels[i] - levels[i - 1]);
    return values[i - 1] + part * (values[i] - values[i - 1]);
  }

  /** Index of the first entry above x; the length if there is none. */
  function firstAbove(list, x) {
    let [lo, hi] = [0, list.length];
    while (lo < hi) {
      const middle = (lo + hi) >> 1;
      if (list[middle] <= x) lo = middle + 1;
      else hi = middle;
    }
    return lo;
  }

  /** P(value > x): `{p, beyond}`, beyond being "below" or "above" where x lies outside the values. */
  function exceedance(levels, values, x) {
    const i = firstAbove(values, x);
    if (i === 0) return { p: null, beyond: "below", bound: 1 - levels[0] };
    if (i === values.length) {
      const constant = values[0] === values[i - 1];
      return constant ? { p: 0, beyond: null } : { p: null, beyond: "above", bound: 1 - levels[i - 1] };
    }
    const part = (x - values[i - 1]) / (values[i] - values[i - 1]);
    return { p: 1 - (levels[i - 1] + part * (levels[i] - levels[i - 1])), beyond: null };
  }

  /** The central band with this probability. */
  const band = (levels, values, share) => [at(levels, values, (1 - share) / 2), at(levels, values, (1 + share) / 2)];

  return { at, exceedance, band };
})();
