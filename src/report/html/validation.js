// Do the intervals contain what was published? The back-test of the program, if the report has one.
//
// Invariants: coverage stands with its own interval and the number of cases, because there are few. The page says on how
// many independent families the test rests.

const Validation = (() => {
  const { text, line, circle, rect, axis, round, measure, NARROW } = Chart;
  const NAMES = { hours: "Accelerator-hours", energy: "Energy", emissions: "Emissions" };
  const LEVELS = ["50", "80", "90", "95"];

  function render(result) {
    const v = result.validation;
    if (!v) return [Dom.h("p", { class: "note" }, "This report has no back-test. ", Dom.h("code", null, "haze validate"), " makes one.")];
    const parts = [point(v)];
    if (v.quantities.some((q) => q.coverage)) parts.push(calibration(result, v));
    parts.push(scores(v));
    if (v.masked_sums?.length) parts.push(masked(v));
    parts.push(Dom.h("p", { class: "note" }, "From ", Dom.h("code", null, Format.visible(v.command)), `, ${Format.count(v.draws)} draws each, seed ${v.seed}. The back-test is of the program's priors, not of this list of models.`));
    return parts;
  }

  function point(v) {
    const said = v.quantities.filter((q) => q.n > 0 && q.coverage).map((q) => `${Math.round(q.coverage["90"] * q.n)} of ${q.n} published figures of ${(NAMES[q.name] ?? q.name).toLowerCase()}`);
    return Dom.h("p", null, `${Format.counted(v.runs_scored, "published run")} ${v.runs_scored === 1 ? "was" : "were"} predicted from less than was published. The 90 % intervals contain ${said.join(", ") || "none, for lack of figures"}. `,
      v.pass === true ? "Every check passed." : v.pass === false ? "Not every check passed: see below." : "", " There are few such runs, and most of their figures are calculated from one another.");
  }

  /** Coverage against level, with Wilson intervals, one panel a quantity. */
  function calibration(result, v) {
    const shown = v.quantities.filter((q) => q.coverage);
    return Chart.figure({
      id: "figure-calibration",
      file: Download.fileName(result.name, "calibration"),
      title: "Share of published figures inside the intervals",
      note: "Calibrated intervals lie on the diagonal: above it they are too wide, below too narrow. Whiskers: 95 % intervals of the shares (Wilson), based on the number of families.",
      describe: () => shown.map((q) => `${NAMES[q.name] ?? q.name}, ${q.n} figures: ` + LEVELS.map((level) => `${Format.percent(q.coverage[level])} inside the ${level} % interval`).join(", ")).join("; ") + ".",
      data: () => ({
        columns: ["quantity", "figures", "families", "level", "inside", "inside_lo", "inside_hi"],
        rows: shown.flatMap((q) => LEVELS.map((level) => [q.name, q.n, q.families, Number(level) / 100, q.coverage[level], ...(q.coverage_wilson?.[level] ?? [null, null])])),
      }),
      draw: (width, theme) => {
        const across = width >= NARROW ? shown.length : 1;
        const [gap, left, top] = [20, 44, 38];
        const panel = Math.min((width - gap * (across - 1)) / across, 340);
        const size = panel - left - 10;
        const marks = [];
        shown.forEach((q, i) => {
          const [x0, y0] = [(i % across) * (panel + gap) + left, Math.floor(i / across) * (size + 88) + top];
          const x = Scale.linear({ lo: 0.4, hi: 1, from: x0, to: x0 + size });
          const y = Scale.linear({ lo: 0, hi: 1, from: y0 + size, to: y0 });
          marks.push(text(x0, y0 - 18, `${NAMES[q.name] ?? q.name}, ${Format.counted(q.n, "figure")}`, { weight: 600, fill: theme.ink }));
          for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
            marks.push(line(x0, y.at(tick), x0 + size, y.at(tick), theme.line), text(x0 - 6, y.at(tick) + 4, `${100 * tick} %`, { size: 11, anchor: "end", fill: theme.soft }));
          }
          marks.push(line(x.at(0.4), y.at(0.4), x.at(1), y.at(1), theme.soft, 1.5, { "stroke-dasharray": "5 4" }));
          for (const level of LEVELS) {
            const at = x.at(Number(level) / 100), ends = q.coverage_wilson?.[level];
            if (ends) marks.push(line(at, y.at(ends[0]), at, y.at(ends[1]), theme.accent, 2), line(at - 4, y.at(ends[0]), at + 4, y.at(ends[0]), theme.accent, 2), line(at - 4, y.at(ends[1]), at + 4, y.at(ends[1]), theme.accent, 2));
            marks.push(circle(at, y.at(q.coverage[level]), 4.5, theme.paper, { stroke: theme.accent, "stroke-width": 2 }));
            if (level !== "95") marks.push(text(at, y0 + size + 16, `${level} %`, { size: 11, anchor: "middle", fill: theme.soft }));
          }
          marks.push(line(x0, y0 + size, x0 + size, y0 + size, theme.soft), text(x0 + size / 2, y0 + size + 34, "level of the interval", { size: 11, anchor: "middle", fill: theme.soft }));
        });
        return { height: Math.ceil(shown.length / across) * (size + 88) + top - 34, marks };
      },
    });
  }

  function scores(v) {
    const rows = v.quantities.map((q) => {
      const best = (q.baselines ?? []).filter((b) => b.counts && Format.known(b.crps)).sort((a, b) => a.crps - b.crps)[0];
      return [NAMES[q.name] ?? q.name, Format.count(q.n), Format.count(q.families), Format.percent(q.mdape), Format.known(q.bias_ln) ? "× " + Math.exp(q.bias_ln).toPrecision(3) : Format.DASH,
        Format.significant(q.crps, 3), best ? `${Format.significant(best.crps, 3)} (${Format.visible(best.name)})` : Format.DASH,
        q.coverage ? Format.percent(q.coverage["90"]) : Format.DASH, q.coverage_pass === null ? Format.DASH : q.coverage_pass ? "passed" : "failed"];
    });
    return Dom.table({
      early: true,
      caption: "Scores of the predictions. CRPS: continuous ranked probability score of the logarithm, smaller is better",
      columns: [{ head: "Quantity" }, { head: "Figures", number: true }, { head: "Families", number: true }, { head: "Median error", number: true }, { head: "Bias", number: true },
        { head: "CRPS", number: true }, { head: "Best baseline's CRPS" }, { head: "Inside 90 %", number: true }, { head: "Coverage" }],
      rows,
    });
  }

  function masked(v) {
    const rows = v.masked_sums.map((m) => {
      const u = Format.unit("compute", m.true_eflop);
      return [Dom.name(m.name), Format.count(m.models), `${Format.significant(m.true_eflop * u.factor, 3)}${Format.NBSP}${u.name}`, `${Format.significant(m.mean_eflop * u.factor, 3)} (${Format.range(m.interval_95, u)})`, Format.significant(m.ratio, 3), m.inside ? "yes" : "no"];
    });
    return Dom.table({
      caption: "Sums of compute that were hidden and predicted, with a 95 % interval",
      columns: [{ head: "List" }, { head: "Models", number: true }, { head: "True sum", number: true }, { head: "Predicted", number: true }, { head: "Mean / true", number: true }, { head: "Inside" }],
      rows,
    });
  }

  return { render };
})();
