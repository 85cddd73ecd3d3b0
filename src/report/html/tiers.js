// What the total rests on: what the models disclose (tiers), and how each quantity came about, by mass.
//
// Invariants: shares are of the mean emissions, not of the number of models, unless the page says so. Tiers are ordered
// from the firmest to the weakest.

const Tiers = (() => {
  const ORDER = ["1", "1b", "2", "3", "4", "4b", "5", "6"];
  const DISCLOSES = {
    1: "metered or audited emissions", "1b": "emissions, self-reported", 2: "energy", 3: "accelerator-hours", 4: "compute and chip",
    "4b": "compute without the chip", 5: "only its size (the date helps)", 6: "not even its size",
  };
  const KINDS = ["disclosed", "looked up", "imputed", "default", "guessed"];
  const QUANTITIES = [
    ["compute", "Compute"], ["hours", "Accelerator-hours"], ["energy", "Energy"], ["efficiency", "Energy per compute"], ["hardware", "Chip"],
    ["pue", "Overhead of the site (PUE)"], ["grid", "Grid intensity"],
  ];

  function render(result) {
    const tiers = [...result.result.concentration.tiers].sort((a, b) => ORDER.indexOf(a.tier) - ORDER.indexOf(b.tier));
    const parts = [point(tiers)];
    if (tiers.some((t) => Format.known(t.share))) parts.push(figure(result, tiers));
    parts.push(table(result, tiers), kinds(result));
    return parts;
  }

  function point(tiers) {
    const firm = tiers.filter((t) => ["1", "1b", "2", "3"].includes(t.tier));
    const n = firm.reduce((a, t) => a + t.models, 0), all = tiers.reduce((a, t) => a + t.models, 0);
    const share = firm.reduce((a, t) => a + (t.share ?? 0), 0);
    const said = n === 0 ? `None of the models discloses emissions, energy or accelerator-hours. All are calculated from compute or size. `
      : `Emissions, energy or accelerator-hours are disclosed by ${Format.count(n)} of ${Format.counted(all, "model")}, with ${Format.percent(share)} of the mean. ${n < all ? "The others are calculated from compute or size. " : ""}`;
    return Dom.h("p", null, said, "The tier of a model is the figure closest to its emissions that it discloses.");
  }

  function figure(result, tiers) {
    const rows = tiers.map((t) => ({ label: `${t.tier}: ${DISCLOSES[t.tier] ?? ""}`, value: t.share ?? 0, text: `${Format.percent(t.share)} · ${Format.counted(t.models, "model")}` }));
    return Chart.figure({
      id: "figure-tiers",
      file: Download.fileName(result.name, "tiers"),
      title: "Share of the mean by tier",
      describe: () => rows.map((row) => `${row.label}, ${row.text}`).join("; ") + ".",
      draw: Bars.draw(rows, { name: "Share of mean emissions" }),
      data: () => ({ columns: ["tier", "discloses", "models", "share_of_mean"], rows: tiers.map((t) => [t.tier, DISCLOSES[t.tier] ?? "", t.models, t.share]) }),
    });
  }

  function table(result, tiers) {
    const used = new Set(tiers.map((t) => t.tier));
    const none = ORDER.filter((t) => !used.has(t));
    return none.length === 0 ? null : Dom.h("p", { class: "note" }, `No model is in ${none.length === 1 ? "tier" : "tiers"} ${none.map((t) => `${t} (${DISCLOSES[t]})`).join(", ")}.`);
  }

  /** Shares of the mean by how a quantity came about, for the quantities that the models have. */
  function byKind(result) {
    const found = new Map();
    result.models.id.forEach((_, i) => {
      const mass = result.models.mean_t[i];
      if (!(mass > 0)) return;
      for (const { quantity, kind } of Models.provenance(result, i)) {
        const sums = found.get(quantity) ?? new Map();
        sums.set(kind, (sums.get(kind) ?? 0) + mass);
        found.set(quantity, sums);
      }
    });
    return QUANTITIES.filter(([key]) => found.has(key)).map(([key, label]) => {
      const sums = found.get(key);
      const all = [...sums.values()].reduce((a, b) => a + b, 0);
      return { label, parts: KINDS.map((kind) => (sums.get(kind) ?? 0) / all), mass: all };
    });
  }

  function kinds(result) {
    const rows = byKind(result);
    if (rows.length === 0) return null;
    const unlisted = result.models.shown < result.models.total ? ` Of the ${Format.count(result.models.shown)} largest models.` : "";
    return Chart.figure({
      id: "figure-kinds",
      file: Download.fileName(result.name, "how-quantities-came-about"),
      title: "How each quantity came about, by share of the mean",
      note: "Disclosed: stated in the input. Looked up: from a published table. Imputed: predicted from other figures. Default: a prior for this case. Guessed: a prior for what is not stated. " +
        "Of the models that have the quantity; each is weighted by its mean emissions." + unlisted,
      describe: () => rows.map((row) => `${row.label}: ${KINDS.map((kind, k) => `${kind} ${Format.percent(row.parts[k])}`).join(", ")}`).join("; ") + ".",
      draw: Bars.stacked(rows, KINDS),
      data: () => ({ columns: ["quantity", ...KINDS.map((kind) => kind.replace(" ", "_"))], rows: rows.map((row) => [row.label, ...row.parts]) }),
    });
  }

  return { render, DISCLOSES };
})();
