// Emissions and carbon intensity by year, hardware, region and whatever else the result was grouped by.
//
// Invariants: intervals of groups come from the draws. Where the result has no groups, sums of the models' means stand
// instead, and the page says that they have no interval, because intervals of models cannot be added up.

const Groups = (() => {
  const TITLES = { year: "Year of training", hardware: "Hardware", region: "Region", organization: "Organisation", tier: "Tier of disclosure" };
  const MEASURES = { emissions: ["Emissions", "emissions"], atci: ["Carbon intensity of training (ATCI)", "atci"] };
  const SHOWN = 15;
  const title = (by) => TITLES[by] ?? by;

  function choices(result) {
    const given = result.groups.map((g) => g.by);
    return [...given, ...["year", "hardware", "region", "organization"].filter((by) => !given.includes(by) && result.models[by]?.some((x) => x !== null))];
  }

  /** The groups of one kind: from the result, else sums of means. */
  function groupsBy(result, by) {
    const g = result.groups.find((group) => group.by === by);
    if (g) {
      const rows = g.value.map((value, i) => ({
        value, models: g.models[i], share: g.share[i],
        emissions: { mean: g.mean_t[i], median: g.median_t[i], lo: g.lo_t[i], hi: g.hi_t[i] },
        atci: { mean: g.atci[i], median: g.atci_median[i], lo: g.atci_lo[i], hi: g.atci_hi[i] },
      }));
      return { rows, drawn: true, total: g.total };
    }
    const sums = new Map();
    const all = Models.totalMean(result);
    result.models.id.forEach((_, i) => {
      const value = Models.label(result, by, i) ?? "";
      const row = sums.get(value) ?? { value, models: 0, share: null, emissions: { mean: 0, median: null, lo: null, hi: null }, atci: {} };
      row.models += 1;
      row.emissions.mean += result.models.mean_t[i] ?? 0;
      sums.set(value, row);
    });
    const rows = [...sums.values()].map((row) => ({ ...row, share: all > 0 ? row.emissions.mean / all : null }));
    return { rows, drawn: false, total: rows.length };
  }

  function ordered(rows, by, measure) {
    const year = by === "year" || by === "tier";
    const sorted = [...rows].sort((a, b) => (b.emissions.mean ?? 0) - (a.emissions.mean ?? 0)).slice(0, SHOWN);
    if (year) return sorted.sort((a, b) => a.value.localeCompare(b.value, "en", { numeric: true }));
    return measure === "atci" ? sorted.sort((a, b) => (b.atci.mean ?? -1) - (a.atci.mean ?? -1)) : sorted;
  }

  function render(result) {
    const kinds = choices(result);
    if (kinds.length === 0) return [Dom.h("p", { class: "note" }, "The models have no labels to group them by.")];
    const place = Dom.h("div", null);
    const by = () => (kinds.includes(State.get().by) ? State.get().by : kinds.includes("year") ? "year" : kinds[0]);
    const measure = () => (MEASURES[State.get().measure] ? State.get().measure : "emissions");
    const controls = Dom.h("div", { class: "controls" },
      Dom.select({ label: "By", id: "groups-by", options: kinds.map((k) => [k, Format.visible(title(k))]), value: by(), change: (value) => State.set({ by: value }) }),
      Dom.select({ label: "Show", id: "groups-measure", options: Object.entries(MEASURES).map(([key, [name]]) => [key, name]), value: measure(), change: (value) => State.set({ measure: value }) }));
    const show = () => Dom.refill(place, content(result, by(), measure()));
    State.on(["by", "measure"], show);
    show();
    return [controls, place];
  }

  function content(result, by, measure) {
    const { rows: all, drawn, total } = groupsBy(result, by);
    if (measure === "atci" && !drawn) {
      return Dom.h("p", { class: "note" }, `The result has no groups by ${Format.visible(title(by)).toLowerCase()}, so there is no carbon intensity of them. A study with groups by this column has it, and so does `, Dom.h("code", null, "haze atci"), ".");
    }
    const level = Format.level(result.result.interval);
    const shown = ordered(all, by, measure);
    const [name, kind] = MEASURES[measure];
    const rows = shown.map((g) => ({ label: `${g.value === "" ? "not stated" : g.value} (${Format.count(g.models)})`, ...g[measure] }));
    const options = { kind, name };
    const notes = ["In parentheses: number of models."];
    if (drawn) notes.push(Interval.LEGEND(level));
    else notes.push("Sums of the models' means, without an interval: the result was not grouped this way, and intervals of models cannot be added up.");
    if (!drawn && result.models.shown < result.models.total) notes.push(`Only the ${Format.count(result.models.shown)} largest models are summed.`);
    if (total > shown.length) notes.push(`The ${shown.length} groups with the largest emissions of ${Format.count(total)}.`);
    if (measure === "atci") notes.push("ATCI is the ratio of the sums, draw by draw: emissions over compute.");
    return Chart.figure({
      id: `figure-groups`,
      file: Download.fileName(result.name, measure, "by", by),
      title: Format.visible(`${name} by ${title(by).toLowerCase()}`),
      note: notes.join(" "),
      describe: () => Interval.describe(rows, options, level),
      draw: Interval.draw(rows, options),
      data: () => ({
        columns: [by, "models", "share_of_mean", "emissions_mean_t", "emissions_median_t", "emissions_lo_t", "emissions_hi_t", "atci_mean_kg_per_eflop", "atci_lo_kg_per_eflop", "atci_hi_kg_per_eflop"],
        rows: all.map((g) => [g.value, g.models, g.share, g.emissions.mean, g.emissions.median, g.emissions.lo, g.emissions.hi, g.atci.mean ?? null, g.atci.lo ?? null, g.atci.hi ?? null]),
      }),
    });
  }

  return { render };
})();
