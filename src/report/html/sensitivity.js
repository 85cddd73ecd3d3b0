// What makes the total uncertain: indices by factor, own against shared errors, and what a disclosure would be worth.
//
// Invariants: shares are of the variance of total emissions. Where an index was sampled, its numerical error is drawn;
// where there are no indices, the reason of the result stands in their place.

const Sensitivity = (() => {
  const FACTORS = {
    compute: "Compute of the training runs", efficiency: "Energy per compute", pue: "Overhead of the site (PUE)", grid: "Grid intensity",
    reporting: "Errors of reporting", lineage: "Lineage: what was made from what", development: "Failed and exploratory runs",
  };
  const DISCLOSED = { compute: "its compute", hours: "its accelerator-hours", energy: "its energy", place: "where it was trained", chip: "its chip" };
  const factor = (name) => FACTORS[name] ?? name;

  function render(result) {
    const r = result.result.sensitivity;
    const parts = [];
    if (!r || r.groups.length === 0) {
      parts.push(Dom.h("p", { class: "note" }, r?.reason ? `There are no indices: ${Format.visible(r.reason)}.` : Format.known(result.result.total.emissions_t.mean) ? "There is nothing to decompose: the total is not uncertain." : "There is nothing to decompose: the total is not defined."));
    } else {
      parts.push(point(r.groups), indices(result, r));
    }
    const s = result.sensitivity;
    if (s?.shared && s.own && result.models.total > 1) parts.push(ownAgainstShared(result, s));
    if (s?.disclosures?.length) parts.push(disclosures(result, s));
    return parts;
  }

  function point(groups) {
    const [first, second] = [...groups].sort((a, b) => b.total.value - a.total.value);
    const said = (g) => `${factor(g.name).toLowerCase().replace("(pue)", "(PUE)")} (${Format.percent(g.first_order.value)} alone)`;
    return Dom.h("p", null, `Most of the variance comes from ${said(first)}${second ? `, then ${said(second)}` : ""}. `,
      "“Alone” is the part of the variance that would disappear on average if the factor were known; “with interactions” is what would remain if everything else were known. The second figures add up to more than 100 %.");
  }

  function indices(result, r) {
    const sorted = [...r.groups].sort((a, b) => b.total.value - a.total.value);
    const exact = r.method === "exact";
    const rows = sorted.map((g) => ({
      label: factor(g.name), value: g.first_order.value, further: g.total.value,
      range: exact ? null : [g.total.lo, g.total.hi],
      text: `${Format.percent(g.first_order.value)} · ${Format.percent(g.total.value)}`,
    }));
    return Chart.figure({
      id: "figure-sensitivity",
      file: Download.fileName(result.name, "sensitivity"),
      title: "Share of the variance by factor (Sobol' indices)",
      note: `Filled: alone (first-order index). Outlined: with interactions (total index). ${exact ? "The indices are exact." : "The indices are sampled; the whisker is the 95 % interval of the numerical error of the total index."}`,
      describe: () => rows.map((row) => `${row.label}: ${Format.percent(row.value)} alone, ${Format.percent(row.further)} with interactions`).join("; ") + ".",
      draw: Bars.draw(rows, { name: "Share of the variance: alone · with interactions" }),
      data: () => ({
        columns: ["factor", "first_order", "first_order_lo", "first_order_hi", "total", "total_lo", "total_hi", "shapley"],
        rows: sorted.map((g) => [g.name, g.first_order.value, g.first_order.lo, g.first_order.hi, g.total.value, g.total.lo, g.total.hi, g.shapley?.value ?? null]),
      }),
    });
  }

  function ownAgainstShared(result, s) {
    const both = s.interactions?.shared_own ?? Math.max(0, 1 - s.shared.first_order - s.own.first_order);
    const names = ["Shared by several models", "Both together", "Each model's own"];
    const rows = [{ label: "All factors", parts: [s.shared.first_order, both, s.own.first_order] }];
    const figure = Chart.figure({
      id: "figure-shared",
      file: Download.fileName(result.name, "own-and-shared"),
      title: "Errors that models share, and their own",
      lead: "Own errors average out over many models; shared ones do not. More models in the list make the total no more certain once the shared part is what is left.",
      describe: () => names.map((name, i) => `${name}: ${Format.percent(rows[0].parts[i])}`).join("; ") + " of the variance.",
      draw: Bars.stacked(rows.map((row) => ({ ...row, label: "" })), names),
      data: () => ({ columns: ["part", "share_of_variance"], rows: names.map((name, i) => [name, rows[0].parts[i]]) }),
    });
    return [figure, s.effects?.length ? effects(s) : null];
  }

  function effects(s) {
    const rows = s.effects.map((e) => [
      Dom.name(e.name, 80), e.value.length ? Dom.name(e.value.join(", "), 60) : "all models", factor(e.factor), Format.count(e.models),
      Format.percent(e.first_order), Format.percent(e.total),
    ]);
    const more = (s.effects_total ?? rows.length) - rows.length;
    return Dom.details("The largest shared effects", () => Dom.h("div", null, Dom.table({
      caption: "Shared effects by their share of the variance", hideCaption: true, early: true,
      columns: [{ head: "Shared effect" }, { head: "Shared by" }, { head: "Acts on" }, { head: "Models", number: true }, { head: "Alone", number: true }, { head: "With interactions", number: true }],
      rows,
    }), more > 0 && Dom.h("p", { class: "note" }, Dom.prose(`${Format.count(more)} smaller ones are not listed; \`haze sensitivity\` has all of them.`))), { class: "wide", "data-print": "open" });
  }

  function disclosures(result, s) {
    const shown = s.disclosures.slice(0, 10);
    const rows = shown.map((d) => ({ label: `${Format.shorten(d.id, 44)}: ${DISCLOSED[d.quantity] ?? d.quantity}`, value: d.share, text: Format.percent(d.share) }));
    const best = shown[0];
    const sd = 1 - best.sd_after_t / best.sd_before_t;
    return Chart.figure({
      id: "figure-disclosure",
      file: Download.fileName(result.name, "value-of-disclosure"),
      title: "What would be worth most to know",
      lead: ["If one model published one figure, the best choice would be ", Dom.name(best.id, 60), `: ${DISCLOSED[best.quantity] ?? best.quantity}. The variance of the total would fall by ${Format.percent(best.share)} on average, its standard deviation by ${Format.percent(sd)}.`],
      describe: () => rows.map((row) => `${row.label}, ${row.text}`).join("; ") + ".",
      draw: Bars.draw(rows, { name: "Expected fall of the variance of total emissions" }),
      data: () => ({
        columns: ["id", "tier", "quantity", "share_of_variance", "sd_before_t", "sd_after_t"],
        rows: s.disclosures.map((d) => [d.id, d.tier, d.quantity, d.share, d.sd_before_t, d.sd_after_t]),
      }),
      note: (s.disclosures_total ?? 0) > shown.length ? `The ${shown.length} largest of ${Format.count(s.disclosures_total)} possible disclosures.` : null,
    });
  }

  return { render, factor };
})();
