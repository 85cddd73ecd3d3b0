// Several results: their totals on one axis, and the differences with intervals.
//
// Invariants: the interval of a difference comes from paired draws where both results were drawn with the same random
// numbers, and the page says whether they were. Intervals of two results are never subtracted.

const Compare = (() => {
  function render(data) {
    const parts = [Dom.h("p", null, "The totals of all results on one axis. Whether two of them differ is read from the difference below, not from the overlap of the intervals: results drawn with the same random numbers err together."), totals(data)];
    if (data.comparisons?.length) parts.push(differences(data), table(data));
    return parts;
  }

  const title = (data, i) => data.results[i].name;

  function totals(data) {
    const levels = new Set(data.results.map((r) => Format.level(r.result.interval)));
    const level = levels.size === 1 ? [...levels][0] : "its";
    const rows = data.results.map((result) => {
      const e = result.result.total.emissions_t, q = result.quantiles;
      const bands = q?.emissions_t ? [0.8, 0.5].map((share) => Quantile.band(q.levels, q.emissions_t, share)) : null;
      return { label: result.name, mean: e.mean, median: e.median, lo: e.interval?.[0], hi: e.interval?.[1], bands };
    });
    const options = { kind: "emissions", name: "Total training emissions" };
    return Chart.figure({
      id: "figure-totals",
      file: Download.fileName("comparison", "totals"),
      title: "Totals of all results",
      note: `${Interval.LEGEND(level)} Inner bands: 80 and 50 % of the probability.`,
      describe: () => Interval.describe(rows, options, level),
      draw: Interval.draw(rows, options),
      data: () => ({
        columns: ["result", "level", "mean_t", "median_t", "lo_t", "hi_t"],
        rows: data.results.map((r, i) => [r.name, r.result.interval, rows[i].mean, rows[i].median, rows[i].lo ?? null, rows[i].hi ?? null]),
      }),
    });
  }

  const pair = (data, c) => `${Format.shorten(title(data, c.a), 40)} − ${Format.shorten(title(data, c.b), 40)}`;

  function differences(data) {
    const rows = data.comparisons.map((c) => {
      const e = c.difference_t;
      return { label: pair(data, c), mean: e.mean, median: e.median, lo: e.interval?.[0], hi: e.interval?.[1], tone: c.shared_draws ? "accent" : "other" };
    });
    const options = { kind: "emissions", name: "Difference of the totals", zero: true, log: false };
    const level = Format.level(data.results[data.comparisons[0].a].result.interval);
    const file = () => ({
      columns: ["a", "b", "same_random_numbers", "difference_mean_t", "difference_lo_t", "difference_hi_t", "ratio_mean", "ratio_lo", "ratio_hi", "probability_a_greater"],
      rows: data.comparisons.map((c) => [title(data, c.a), title(data, c.b), c.shared_draws, c.difference_t.mean, ...(c.difference_t.interval ?? [null, null]), c.ratio?.mean ?? null, ...(c.ratio?.interval ?? [null, null]), c.probability_a_greater]),
    });
    return Chart.figure({
      id: "figure-differences",
      file: Download.fileName("comparison", "differences"),
      title: "Differences of the totals",
      note: `Bar: ${level} credible interval (equal-tailed). Tick: median. Circle: mean of results drawn with the same random numbers. Square: mean of results drawn independently, which makes the interval wider.`,
      describe: () => Interval.describe(rows, options, level),
      draw: Interval.draw(rows, options),
      data: file,
    });
  }

  function table(data) {
    const rows = data.comparisons.map((c) => {
      const e = c.difference_t;
      const u = Format.unit("emissions", Math.max(Math.abs(e.interval?.[0] ?? 0), Math.abs(e.interval?.[1] ?? 0)));
      const scaled = (x) => (Format.known(x) ? x * u.factor : x);
      const draws = Math.min(data.results[c.a].result.draws, data.results[c.b].result.draws);
      const ratio = c.ratio ? `${Format.number(c.ratio.mean, c.ratio.mcse?.mean)} (${Format.range(c.ratio.interval, { factor: 1 }, c.ratio.mcse?.interval)})` : Format.DASH;
      return [
        [Dom.name(title(data, c.a), 40), " − ", Dom.name(title(data, c.b), 40)],
        `${Format.withError(scaled(e.mean), scaled(e.mcse?.mean))}${Format.NBSP}${u.name}`,
        `${Format.range(e.interval, u, e.mcse?.interval)}${Format.NBSP}${u.name}`,
        ratio, Format.probability(c.probability_a_greater, draws), c.shared_draws ? "the same" : "independent",
      ];
    });
    return Dom.table({
      early: true,
      caption: "Pairs of results: A − B, A / B, and the probability that A is greater",
      columns: [{ head: "A − B" }, { head: "Mean difference", number: true }, { head: "Interval", number: true }, { head: "Ratio A / B", number: true }, { head: "P(A > B)", number: true }, { head: "Random numbers" }],
      rows,
    });
  }

  return { render };
})();
