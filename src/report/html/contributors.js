// The models that contribute most to the total, each with its interval.
//
// Invariants: largest mean first; each has a button to where its numbers come from, in the table of all models.

const Contributors = (() => {
  const SHOWN = 12;

  function render(result) {
    const m = result.models;
    const n = Math.min(SHOWN, m.mean_t.filter((x) => x > 0).length);
    if (n === 0) return [Dom.h("p", { class: "note" }, "No model has emissions above zero.")];
    const level = Format.level(result.result.interval);
    const rows = Array.from({ length: n }, (_, i) => {
      const one = Models.of(result, i);
      return { label: one.id, mean: one.mean, median: one.median, lo: one.lo, hi: one.hi, share: Models.share(result, i), tier: one.tier };
    });
    const options = { kind: "emissions", name: "Emissions of the model" };
    const parts = [];
    if (m.total > 1) parts.push(point(result, rows));
    parts.push(Chart.figure({
      id: "figure-contributors",
      file: Download.fileName(result.name, "contributors"),
      title: m.total === 1 ? "Emissions of the model" : `The ${Format.counted(n, "largest contributor")} to the mean`,
      note: Interval.LEGEND(level),
      describe: () => Interval.describe(rows, options, level),
      draw: Interval.draw(rows, options),
      data: () => ({
        columns: ["id", "tier", "share_of_mean", "mean_t", "median_t", "lo_t", "hi_t"],
        rows: rows.map((row) => [row.label, row.tier, row.share, row.mean, row.median, row.lo, row.hi]),
      }),
    }));
    parts.push(Dom.details("Where these numbers come from", () => Dom.h("ol", { class: "links" }, rows.map((row, i) => Dom.h("li", null,
      Dom.h("button", { type: "button", class: "link", on: { click: () => Table.show(i) } }, Dom.name(row.label)), ` ${Format.percent(row.share)} of the mean, tier ${row.tier ?? Format.DASH}`))), { class: "wide screen" }));
    return parts;
  }

  function point(result, rows) {
    const sum = rows.reduce((a, row) => a + (row.share ?? 0), 0);
    const effective = result.result.concentration.effective_models;
    return Dom.h("p", null, `The ${rows.length === 1 ? "largest model makes" : `${rows.length} largest models make`} up ${Format.percent(sum)} of the mean`,
      Format.known(effective) ? `; the total is as concentrated as that of ${Format.significant(effective, 3)} models of equal size would be.` : ".");
  }

  return { render };
})();
