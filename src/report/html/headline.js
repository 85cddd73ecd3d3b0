// The point of the report: the total with its interval in words, as a picture, and as a table of key figures.
//
// Invariants: a number never stands without its interval; the interval's level is that of the result. The picture shows
// bands of 50, 80 and 95 % and quantile dots, because a single hard band draws the eye to its edges.

const Headline = (() => {
  const { text, line, rect, circle, axis, NARROW } = Chart;
  const DOTS = 50, DOTS_NARROW = 20;

  const SCOPE = {
    run: { final: "the final training run of each model", development: "all training runs, with failed and exploratory ones" },
    boundary: { facility: "energy of the whole facility", it: "energy of the IT equipment only" },
    basis: { location: "average grid at the place of use (location-based)", market: "contracts and certificates where stated (market-based)" },
  };

  const ROWS = [
    ["emissions_t", "Emissions", "emissions"],
    ["energy_kwh", "Energy of the facility", "energy"],
    ["it_energy_kwh", "Energy of the IT equipment", "energy"],
    ["compute_eflop", "Compute", "compute"],
    ["atci_kg_per_eflop", "Carbon intensity of training (ATCI)", "atci"],
    ["it_energy_kwh_per_eflop", "= IT energy per compute", "energyPerCompute"],
    ["energy_per_it_energy", "× facility energy per IT energy", "plain"],
    ["emissions_kg_per_kwh", "× emissions per energy", "carbonPerEnergy"],
    ["water_m3", "Water, reported separately", "water"],
    ["water_site_m3", "Water at the site", "water"],
    ["water_grid_m3", "Water at the power stations", "water"],
    ["embodied_t", "Embodied in the hardware, not included above", "emissions"],
    ["development_t", "With all development runs, not included above", "emissions"],
  ];

  /** "all 1,313 models" */
  const models = (result) => (result.models.total === 1 ? "this model" : `these ${Format.counted(result.models.total, "model")}`);

  /** The total in one sentence. */
  function sentence(result) {
    const e = result.result.total.emissions_t;
    const level = Format.level(result.result.interval);
    if (!Format.known(e.mean)) return [`The emissions of training ${models(result)} are not defined: `, "there is no finite mean."];
    if (e.mean === 0 && e.interval?.[1] === 0) return [`Training ${models(result)} is counted with `, Dom.h("strong", null, "no emissions"), " in every draw."];
    const u = Format.unit("emissions", e.mean);
    const mean = Format.number(e.mean * u.factor, times(e.mcse?.mean, u.factor)) + Format.NBSP + u.name;
    if (!Format.known(e.interval?.[0])) return [`Training ${models(result)} emitted `, Dom.h("strong", null, mean), " on average; the interval is not defined."];
    const ends = `${Format.range(e.interval, u, e.mcse?.interval)}${Format.NBSP}${u.name}`;
    return [`Training ${models(result)} emitted `, Dom.h("strong", null, mean), ` on average, with a ${level} credible interval of `, Dom.h("strong", null, ends), "."];
  }

  const times = (x, factor) => (Format.known(x) ? x * factor : x);

  function render(result) {
    const r = result.result;
    const shared = comparison(r);
    const spread = Format.known(r.total.emissions_t.interval?.[0]) && r.total.emissions_t.interval[1] > r.total.emissions_t.interval[0];
    return [
      Dom.h("p", { class: "point" }, sentence(result)),
      spread && Dom.h("p", null, `Given the inputs and the priors, the total lies in this interval with ${Format.level(r.interval)} probability: `,
        `it leaves ${Format.level((1 - r.interval) / 2)} on either side. `, shared),
      Dom.h("p", { class: "note" }, `Counted: ${SCOPE.run[r.scope.run]}; ${SCOPE.boundary[r.scope.boundary]}; ${SCOPE.basis[r.scope.basis]}`,
        r.scope.embodied ? "; with embodied emissions" : "", ". Training only: no inference, no data preparation."),
      figure(result),
      Dom.details("Key figures with standard errors", () => keyFigures(result), { class: "wide", "data-print": "open", open: window.innerWidth > 700 }),
    ];
  }

  function comparison(r) {
    const [own, alone] = [r.total.emissions_t.interval, r.independent?.emissions_t.interval];
    if (!own || !alone || !(own[1] > own[0]) || !Format.known(alone[0])) return "";
    if (r.total.models === 1) return "";
    const share = 1 - (alone[1] - alone[0]) / (own[1] - own[0]);
    // What the draws cannot tell from nothing is nothing.
    const errors = [r.total.emissions_t, r.independent.emissions_t].flatMap((e) => e.mcse?.interval ?? []).filter(Format.known);
    const error = Math.hypot(...errors) / (own[1] - own[0]);
    if (Math.abs(share) < Math.max(0.02, 3 * error)) return "Errors that models have in common hardly matter here.";
    const u = Format.unit("emissions", r.total.emissions_t.mean);
    const ends = Format.range(alone, u, r.independent.emissions_t.mcse?.interval);
    return `Some errors are common to many models, such as those about one organisation's sites. Ignoring that would make the interval look ${Format.percent(Math.abs(share))} ${share > 0 ? "narrower" : "wider"}, ${ends}${Format.NBSP}${u.name}: use the interval above.`;
  }

  function seriesOf(result) {
    const { quantiles: q, result: r } = result;
    const series = [{ label: "As modelled", tone: "accent", values: q.emissions_t, estimate: r.total.emissions_t }];
    if (q.independent_t && r.total.models > 1) series.push({ label: "Correlation ignored", tone: "other", values: q.independent_t, estimate: r.independent.emissions_t });
    return series.filter((s) => s.values && Format.known(s.estimate.mean));
  }

  function figure(result) {
    const series = result.quantiles ? seriesOf(result) : [];
    if (series.length === 0) return Dom.h("p", { class: "note" }, "There is no picture, because the distribution is not defined.");
    if (series[0].values[0] === series[0].values.at(-1)) return Dom.h("p", { class: "note" }, "There is no picture, because the total is the same in every draw.");
    const levels = result.quantiles.levels;
    const u = Format.unit("emissions", series[0].estimate.mean);
    const band = (s, share) => Quantile.band(levels, s.values, share).map((x) => x * u.factor);
    const said = (s) => `${s.label}: mean ${Format.number(s.estimate.mean * u.factor, times(s.estimate.mcse?.mean, u.factor))}, ` +
      [0.5, 0.8, 0.95].map((share) => `${Format.level(share)} between ${band(s, share).map((x) => Format.number(x)).join(" and ")}`).join(", ");
    return Chart.figure({
      id: "figure-headline",
      file: Download.fileName(result.name, "total"),
      title: `Total training emissions, ${u.name}`,
      note: "Bands: the central 50, 80 and 95 % of the probability, from the inside out. Circle or square: mean. Tick: median. Each dot is an equal share of the probability as modelled: 1 in 50, or 1 in 20 where the picture is narrow.",
      describe: () => series.map(said).join(". ") + `. Unit: ${u.name}.`,
      draw: (width, theme) => draw(series, levels, u, width, theme),
      data: () => ({
        columns: ["level", "as_modelled_t", "correlation_ignored_t"],
        rows: levels.map((level, i) => [level, result.quantiles.emissions_t?.[i] ?? null, result.quantiles.independent_t?.[i] ?? null]),
      }),
    });
  }

  function draw(series, levels, u, width, theme) {
    const wide = width >= NARROW;
    const labelWidth = wide ? 140 : 0;
    const [from, to] = [labelWidth + 8, width - 10];
    const ends = Scale.extent(series.flatMap((s) => [Quantile.at(levels, s.values, 0.002), Quantile.at(levels, s.values, 0.998)]));
    const scale = Scale.linear({ lo: ends[0] * u.factor, hi: ends[1] * u.factor, from, to, about: wide ? 7 : 4 });
    const dots = dotsOf(series[0], levels, u, scale, wide ? DOTS : DOTS_NARROW, wide ? 128 : 92);
    const rowHeight = wide ? 46 : 62;
    const top = dots.height + 12, bottom = top + series.length * rowHeight;
    const marks = axis(scale, { top: 4, bottom, from, to, name: `Total training emissions, ${u.name}`, theme });
    for (const [x, y] of dots.places) marks.push(circle(x, y, Chart.round(dots.radius - 0.6), theme.accent50));
    series.forEach((s, i) => {
      const y = top + i * rowHeight + (wide ? 22 : 40);
      const mean = s.estimate.mean * u.factor;
      const label = `${s.label}`;
      if (wide) marks.push(text(labelWidth, y + 4, label, { anchor: "end", fill: theme.ink, weight: i === 0 ? 600 : null }));
      else marks.push(text(0, y - 20, label, { fill: theme.ink, weight: i === 0 ? 600 : null }));
      [0.95, 0.8, 0.5].forEach((share) => {
        const [a, b] = Quantile.band(levels, s.values, share).map((x) => scale.at(x * u.factor));
        marks.push(rect(a, y - 12, Math.max(b - a, 1), 24, theme[`${s.tone}${100 * share}`]));
      });
      const [a, b] = Quantile.band(levels, s.values, 0.95).map((x) => scale.at(x * u.factor));
      marks.push(rect(a, y - 12, Math.max(b - a, 1), 24, "none", { stroke: theme[s.tone], "stroke-width": 1 }));
      const median = scale.at(Quantile.at(levels, s.values, 0.5) * u.factor);
      marks.push(line(median, y - 16, median, y + 16, theme[s.tone], 2.5));
      marks.push(i === 0
        ? circle(scale.at(mean), y, 5, theme.paper, { stroke: theme[s.tone], "stroke-width": 2 })
        : rect(scale.at(mean) - 4.5, y - 4.5, 9, 9, theme.paper, { stroke: theme[s.tone], "stroke-width": 2 }));
    });
    return { height: bottom + 42, marks };
  }

  /** Quantile dots: values of equal probability, stacked where they would overlap. */
  function dotsOf(s, levels, u, scale, n, height) {
    const xs = Array.from({ length: n }, (_, i) => scale.at(Quantile.at(levels, s.values, (i + 0.5) / n) * u.factor));
    let radius = 14;
    for (;;) {
      const piles = pile(xs, 2 * radius);
      const most = Math.max(...piles.map((p) => p.length));
      if (most * 2 * radius <= height || radius < 1.2) {
        const places = piles.flatMap((p) => {
          const x = p.reduce((a, b) => a + b, 0) / p.length;
          return p.map((_, k) => [x, height + 2 - radius - k * 2 * radius]);
        });
        return { places, radius, height };
      }
      radius *= 0.93;
    }
  }

  /** Neighbours that are closer than a dot is wide, as one pile each (Wilkinson 1999, doi:10.1080/00031305.1999.10474474). */
  function pile(xs, width) {
    const piles = [];
    let first = -Infinity;
    for (const x of xs) {
      if (x < first + width) piles.at(-1).push(x);
      else {
        piles.push([x]);
        first = x;
      }
    }
    return piles;
  }

  function keyFigures(result) {
    const r = result.result;
    const level = Format.level(r.interval);
    const rows = ROWS.filter(([key]) => r.total[key]).map(([key, label, kind]) => row(label, r.total[key], kind));
    if (r.independent && r.total.models > 1) rows.splice(1, 0, row("Emissions, correlation ignored", r.independent.emissions_t, "emissions"));
    return Dom.table({
      caption: "Mean ± Monte Carlo standard error, median and intervals of all models together",
      columns: [{ head: "Quantity" }, { head: "Unit" }, { head: "Mean", number: true }, { head: "Median", number: true },
        { head: `${level} equal-tailed`, number: true }, { head: `${level} shortest`, number: true }],
      rows,
    });
  }

  function row(label, e, kind) {
    const u = Format.unit(kind, e.mean);
    return [label, u.name || "ratio", Format.withError(times(e.mean, u.factor), times(e.mcse?.mean, u.factor)),
      Format.number(times(e.median, u.factor), times(e.mcse?.median, u.factor)), Format.range(e.interval, u, e.mcse?.interval),
      Format.range(e.shortest, u, e.mcse?.shortest)];
  }

  return { render, models };
})();
