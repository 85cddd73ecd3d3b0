// How likely is the total above x, for any x; and the reverse: which x is exceeded with a given probability.
//
// Invariants: the answer comes from the quantiles of the draws by interpolation; beyond the outermost quantile it is a
// bound, never a figure. The slider and the number say the same x, in the unit that the page shows, and x is kept in
// tonnes in the address.

const Exceedance = (() => {
  const { text, line, circle, axis, round } = Chart;
  const STEPS = 1000;

  function render(result) {
    const q = result.quantiles;
    if (!q?.emissions_t) return [Dom.h("p", { class: "note" }, "The distribution is not defined, so nothing can be said about exceeding a threshold.")];
    if (q.emissions_t[0] === q.emissions_t.at(-1)) return [Dom.h("p", { class: "note" }, "The total is the same in every draw.")];
    const e = result.result.total.emissions_t;
    const u = Format.unit("emissions", e.mean);
    const ends = [q.emissions_t[0], q.emissions_t.at(-1)];
    const span = ends[1] - ends[0];
    const start = Number(((Quantile.at(q.levels, q.emissions_t, 0.75)) * u.factor).toPrecision(2)) / u.factor;
    const x = () => State.get().x ?? start;

    const answer = Dom.h("p", { class: "answer", "aria-live": "polite", id: "exceedance-answer" });
    const input = Dom.h("input", { type: "number", id: "exceedance-x", step: "any", min: 0, inputmode: "decimal" });
    const slider = Dom.h("input", { type: "range", id: "exceedance-slider", min: 0, max: STEPS, step: 1, "aria-label": `Threshold, ${u.name}` });
    const figure = chart(result, u, x);

    const fromSlider = () => ends[0] + (Number(slider.value) / STEPS) * span;
    slider.addEventListener("input", () => State.set({ x: Number((fromSlider() * u.factor).toPrecision(4)) / u.factor }));
    input.addEventListener("input", () => {
      const value = Number(input.value);
      if (input.value !== "" && Number.isFinite(value)) State.set({ x: value / u.factor });
    });
    const show = () => {
      const shown = Number((x() * u.factor).toPrecision(6));
      if (document.activeElement !== input) input.value = String(shown);
      slider.value = String(span > 0 ? Math.round(((x() - ends[0]) / span) * STEPS) : 0);
      slider.setAttribute("aria-valuetext", `${Format.significant(shown)} ${u.name}`);
      Dom.refill(answer, words(result, x(), u));
      figure.redraw();
    };
    State.on(["x"], show);

    const reverse = reverseQuestion(result, u);
    queueMicrotask(show);
    return [
      Dom.h("div", { class: "controls" },
        Dom.h("span", { class: "control" }, Dom.h("label", { for: "exceedance-x" }, `How likely is it above (${u.name})`), input),
        Dom.h("span", { class: "control grow" }, slider)),
      answer, figure, reverse,
    ];
  }

  function probability(values, levels, x, draws) {
    const found = Quantile.exceedance(levels, values, x);
    if (found.beyond === "below") return `more than ${Format.level(found.bound)}`;
    if (found.beyond === "above") return `less than ${Format.level(found.bound)}`;
    return Format.probability(found.p, draws);
  }

  function words(result, x, u) {
    const { quantiles: q, result: r } = result;
    const threshold = `${Format.significant(x * u.factor)}${Format.NBSP}${u.name}`;
    const modelled = probability(q.emissions_t, q.levels, x, r.draws);
    const said = ["The total exceeds ", Dom.h("strong", null, threshold), " with a probability of ", Dom.h("strong", { id: "exceedance-p" }, modelled), odds(Quantile.exceedance(q.levels, q.emissions_t, x).p), "."];
    if (q.independent_t) said.push(` With correlation ignored it would seem to be ${probability(q.independent_t, q.levels, x, r.draws)}.`);
    return said;
  }

  /** "about 1 in 20": easier than a small percentage. */
  function odds(p) {
    if (!Format.known(p) || p <= 0 || p >= 0.35) return "";
    return ` (about 1 in ${Format.significant(1 / p, 1 / p < 10 ? 1 : 2)})`;
  }

  function reverseQuestion(result, u) {
    const q = result.quantiles;
    const answer = Dom.h("p", { class: "answer", id: "exceedance-reverse", "aria-live": "polite" });
    const input = Dom.h("input", { type: "number", id: "exceedance-percent", min: 0.1, max: 99.9, step: "any", inputmode: "decimal" });
    const show = () => {
      const p = Math.min(Math.max(State.get().p, 1 - q.levels.at(-1)), 1 - q.levels[0]);
      if (document.activeElement !== input) input.value = String(Number((100 * p).toPrecision(4)));
      const value = (values) => Format.number(Quantile.at(q.levels, values, 1 - p) * u.factor) + Format.NBSP + u.name;
      const ignored = q.independent_t ? ` With correlation ignored: ${value(q.independent_t)}.` : "";
      Dom.refill(answer, "With a probability of ", Dom.h("strong", null, Format.level(Number(p.toPrecision(4)))), " the total exceeds ", Dom.h("strong", { id: "exceedance-value" }, value(q.emissions_t)), `.${ignored}`);
    };
    input.addEventListener("input", () => {
      const percent = Number(input.value);
      if (percent > 0 && percent < 100) State.set({ p: percent / 100 });
    });
    State.on(["p"], show);
    queueMicrotask(show);
    return Dom.h("div", { class: "reverse" },
      Dom.h("div", { class: "controls" }, Dom.h("span", { class: "control" }, Dom.h("label", { for: "exceedance-percent" }, "Which total is exceeded with a probability of (%)"), input)),
      answer);
  }

  function chart(result, u, x) {
    const { quantiles: q, result: r } = result;
    const series = [["As modelled", "accent", q.emissions_t, null], ["Correlation ignored", "other", q.independent_t, "7 4"]].filter((s) => s[2]);
    return Chart.figure({
      id: "figure-exceedance",
      file: Download.fileName(result.name, "exceedance"),
      title: "Probability that the total is above a threshold",
      note: "Solid: as modelled. Dashed: correlation ignored. The vertical line is the threshold chosen above.",
      describe: () => series.map(([label, , values]) => `${label}: ` + [0.95, 0.75, 0.5, 0.25, 0.05].map((p) => `${Format.level(p)} above ${Format.number(Quantile.at(q.levels, values, 1 - p) * u.factor)}`).join(", ")).join(". ") + `, ${u.name}.`,
      data: () => ({
        columns: ["threshold_t", "probability_above", "probability_above_correlation_ignored"],
        rows: q.emissions_t.map((value, i) => [value, Number((1 - q.levels[i]).toPrecision(6)), q.independent_t ? Quantile.exceedance(q.levels, q.independent_t, value).p : null]),
      }),
      draw: (width, theme) => {
        const [from, to, top, bottom] = [52, width - 12, 12, width < Chart.NARROW ? 210 : 260];
        const ends = Scale.extent(series.flatMap((s) => [s[2][0], s[2].at(-1)]));
        const across = Scale.linear({ lo: ends[0] * u.factor, hi: ends[1] * u.factor, from, to, about: width < Chart.NARROW ? 4 : 7 });
        const up = Scale.linear({ lo: 0, hi: 1, from: bottom, to: top, about: 4 });
        const marks = axis(across, { top, bottom, from, to, name: `Threshold, ${u.name}`, theme });
        for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
          marks.push(line(from, up.at(tick), to, up.at(tick), theme.line), text(from - 8, up.at(tick) + 4, `${100 * tick} %`, { size: 12, anchor: "end", fill: theme.soft }));
        }
        for (const [label, tone, values, dash] of [...series].reverse()) {
          const d = values.map((v, i) => `${i ? "L" : "M"}${round(across.at(v * u.factor))} ${round(up.at(1 - q.levels[i]))}`).join("");
          marks.push(Dom.s("path", { d, fill: "none", stroke: theme[tone], "stroke-width": 2.5, "stroke-dasharray": dash }, Dom.s("title", null, label)));
        }
        const at = across.at(x() * u.factor);
        const p = Quantile.exceedance(q.levels, q.emissions_t, x()).p;
        marks.push(line(at, top, at, bottom, theme.ink, 1.5));
        if (Format.known(p)) {
          const label = Format.probability(p, r.draws);
          const left = at > (from + to) / 2;
          marks.push(circle(at, up.at(p), 5, theme.paper, { stroke: theme.ink, "stroke-width": 2 }));
          marks.push(text(at + (left ? -10 : 10), Math.max(up.at(p) - 8, top + 12), label, { anchor: left ? "end" : "start", fill: theme.ink, weight: 600, size: 14 }));
        }
        return { height: bottom + 42, marks };
      },
    });
  }

  return { render };
})();
