// Base models against what was made from them: one pair of intervals a family.
//
// Invariants: a family is a base model and everything made from it, each model once. A base that is in no row has no
// footprint of its own, and is named as such.

const Families = (() => {
  const SHOWN = 8;

  function render(result) {
    const lineage = result.lineage;
    if (!lineage || lineage.families.length === 0) {
      return [Dom.h("p", { class: "note" }, result.large ? "Families are left out, because there are too many models; `haze lineage` has them." : "No model of this result is known to be made from another.")];
    }
    const level = Format.level(result.result.interval);
    return [point(result, lineage, level), figure(result, lineage, level), ...Tree.render(result, level)];
  }

  const estimate = ([mean, lo, hi], level) => `${Format.amount(mean, "emissions")} (${level} credible interval ${Format.rangeOf([lo, hi], "emissions")})`;

  function point(result, lineage, level) {
    const said = [`${Format.counted(lineage.derivatives, "model")} of the list ${lineage.derivatives === 1 ? "was" : "were"} made from another model. `,
      "A model counts with its own training only; a family is a base model and everything made from it, each model once. "];
    if (lineage.union) said.push(`All families together, with the models in none: ${estimate(lineage.union.estimate, level)}. `);
    if (lineage.draws < result.result.draws) said.push(`Families are from the first ${Format.count(lineage.draws)} of the ${Format.count(result.result.draws)} draws. `);
    if (lineage.absent > 0) said.push(`${Format.counted(lineage.absent, "base model")} that ${lineage.absent === 1 ? "is" : "are"} named but in no row ${lineage.absent === 1 ? "is" : "are"} not counted.`);
    return Dom.h("p", null, said);
  }

  function figure(result, lineage, level) {
    const shown = lineage.families.slice(0, SHOWN);
    const triple = ([mean, lo, hi]) => ({ mean, lo, hi, median: null });
    const rows = shown.flatMap((f) => [
      f.base ? { label: Format.shorten(f.root, 40), ...triple(f.base), strong: true } : { label: Format.shorten(f.root, 40), mean: null, text: "in no row", strong: true },
      { label: `made from it (${Format.count(f.members - (f.in_file ? 1 : 0))})`, ...triple(f.derivatives), tone: "other" },
    ]);
    const options = { kind: "emissions", name: "Emissions" };
    return Chart.figure({
      id: "figure-families",
      file: Download.fileName(result.name, "families"),
      title: "Base models, and everything made from them",
      note: `Circle: mean of the base model alone. Square: mean of all its derivatives together, their number in parentheses. Bar: ${level} credible interval (equal-tailed). An arrow: the interval goes on beyond the axis. ` +
        (lineage.families_total > shown.length ? `The ${shown.length} largest of ${Format.count(lineage.families_total)} families.` : ""),
      describe: () => Interval.describe(rows, options, level),
      draw: Interval.draw(rows, options),
      data: () => ({
        columns: ["root", "members", "reported", "base_mean_t", "base_lo_t", "base_hi_t", "derivatives_mean_t", "derivatives_lo_t", "derivatives_hi_t", "family_mean_t", "family_lo_t", "family_hi_t"],
        rows: lineage.families.map((f) => [f.root, f.members, f.reported, ...(f.base ?? [null, null, null]), ...f.derivatives, ...f.whole]),
      }),
    });
  }

  return { render };
})();
