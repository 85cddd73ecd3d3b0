// How to get the same numbers again, and the program's own checks of them.
//
// Invariants: command, seed, draws, plan hash and version are shown exactly as the result has them; the checks show their
// figures, and a conspicuous one is named in words.

const Reproduce = (() => {
  function render(result, program) {
    const r = result.result;
    const rows = [
      ["Command", Dom.h("code", null, Format.visible(result.command))],
      ["Program", `Carbonhaze ${Format.visible(r.version)}`],
      ["Page made by", Format.visible(program)],
      ["Seed", String(r.seed)],
      ["Draws", Format.count(r.draws)],
      ["Precision", precision(r.precision)],
      ["Hash of the plan", Dom.h("code", null, Format.visible(r.plan_hash))],
      ["Drawn by", backend(r.backend)],
      ["Level of the intervals", Format.level(r.interval)],
    ];
    return [
      Dom.h("p", null, "The same input, settings, seed and version give the same bytes on every machine, CPU or GPU. Before you rely on a copy of this page, compare the hash."),
      Dom.h("dl", { class: "facts" }, rows.flatMap(([term, value]) => [Dom.h("dt", null, term), Dom.h("dd", null, value)])),
      Dom.h("h3", null, "Checks"), checks(r),
    ];
  }

  function precision(p) {
    if (!p || !Format.known(p.reached)) return "too few draws for standard errors";
    const reached = `median and interval within ${Format.significant(100 * p.reached, 2)}${Format.NBSP}%`;
    return p.capped ? `${reached}; more was asked for than the largest number of draws gives` : reached;
  }

  /** What drew; "any" where the page shall be the same whatever did. */
  function backend(b) {
    if (b.name === "any") return "any processor or GPU: it changes no number";
    const threads = Format.known(b.threads) ? `, ${Format.counted(b.threads, "thread")}` : "";
    return `${Format.visible(b.name)}${b.adapter ? ` (${Format.shorten(b.adapter, 60)})` : ""}${threads}; this changes no number`;
  }

  const z = (x) => (Format.known(x) ? (x < 0 ? "−" : "+") + Math.abs(x).toFixed(1) : Format.DASH);

  function checks(r) {
    const d = r.diagnostics, o = d.oracle;
    const list = [];
    if (Format.known(o.mean_t)) list.push(`The exact mean is ${Format.amount(o.mean_t, "emissions", 0)} (the sampled one is off by z = ${z(o.z_mean)}), the exact standard deviation ${Format.amount(o.sd_t, "emissions", 0)} (z = ${z(o.z_sd)}). A |z| above 4 that stays under another seed is a fault of the program.`);
    if (o.note) list.push(Format.visible(o.note));
    if (Format.known(d.discretisation?.relative_mcse)) list.push(`Relative error of the mean: sampling ${d.discretisation.relative_mcse.toExponential(0)}, integer arithmetic below ${(d.discretisation.bound ?? 0).toExponential(0)}.`);
    const saturated = Object.values(d.saturated ?? {}).reduce((a, b) => a + b, 0);
    list.push(saturated === 0 ? "No draw was too large for the engine's integers." : `${Format.counted(saturated, "draw")} were too large for the engine's integers and kept at the largest value: do not trust this run.`);
    if (Format.known(d.pareto_k)) list.push(`Shape of the upper tail (Pareto k̂): ${Format.significant(d.pareto_k, 2)}${d.pareto_k > 0.7 ? ", above 0.7: the mean converges too slowly for its standard error to be trusted" : ", below 0.7: the mean converges"}.`);
    if (d.draws_without_compute > 0) list.push(`${Format.counted(d.draws_without_compute, "draw")} had no compute and therefore no ATCI.`);
    const warnings = Object.entries(d.warnings ?? {});
    const all = warnings.reduce((a, [, n]) => a + n, 0);
    list.push(all === 0 ? "There were no warnings about the input." : `${Format.counted(all, "warning")} about the input: ${warnings.map(([rule, n]) => `${Format.visible(rule)} (${Format.count(n)})`).join(", ")}. \`haze check\` shows them.`);
    return Dom.h("ul", { class: "checks" }, list.map((item) => Dom.h("li", null, Dom.prose(item))));
  }

  return { render };
})();
