// The table of all models: search, sort, pages, and the provenance of one model at a time.
//
// Invariants: only the rows of one page are ever in the document, so thousands of models cost nothing. A column of numbers
// sorts by exactly one statistic, which its head names (mean, median, lower or upper end); what is undefined comes last
// either way. Equal rows keep the order of the data. The whole selection, not the page, goes into the CSV.

const Table = (() => {
  const SIZES = [10, 25, 50, 100, 250];
  /** [key, head, kind, in words, name in the CSV] */
  const COLUMNS = [
    ["id", "Model", "text", "name", "id"],
    ["tier", "Tier", "text", "tier", "tier"],
    ["organization", "Organisation", "text", "organisation", "organization"],
    ["year", "Year", "text", "year", "year"],
    ["hardware", "Hardware", "text", "hardware", "hardware"],
    ["region", "Region", "text", "region", "region"],
    ["mean", "Mean", "emissions", "mean of the emissions", "emissions_mean_t"],
    ["median", "Median", "emissions", "median of the emissions", "emissions_median_t"],
    ["lo", "Lower end", "emissions", "lower end of the interval of the emissions", "emissions_lo_t"],
    ["hi", "Upper end", "emissions", "upper end of the interval of the emissions", "emissions_hi_t"],
    ["atci", "ATCI mean", "atci", "mean of the ATCI", "atci_mean_kg_per_eflop"],
    ["atciLo", "ATCI lower", "atci", "lower end of the interval of the ATCI", "atci_lo_kg_per_eflop"],
    ["atciHi", "ATCI upper", "atci", "upper end of the interval of the ATCI", "atci_hi_kg_per_eflop"],
  ].map(([key, head, kind, words, csv]) => ({ key, head, kind, words, csv, number: kind !== "text" }));
  const DATA_KEYS = { mean: "mean_t", median: "median_t", lo: "lo_t", hi: "hi_t", atci: "atci", atciLo: "atci_lo", atciHi: "atci_hi", id: "id" };

  let view = null;

  const columnOf = (key) => COLUMNS.find((c) => c.key === key) ?? COLUMNS.find((c) => c.key === "mean");
  const valueOf = (result, column, i) => (DATA_KEYS[column.key] ? result.models[DATA_KEYS[column.key]][i] : Models.label(result, column.key, i));

  /** What is searched in, made once. */
  function haystacks(result) {
    view.text ??= result.models.id.map((id, i) => [id, ...Models.LABELS.map((key) => Models.label(result, key, i) ?? "")].join("\n").toLowerCase());
    return view.text;
  }

  /** Positions of the models that match, in order. */
  function select(result, { q, sort, dir }) {
    const wanted = q.toLowerCase().split(/\s+/).filter(Boolean);
    const text = wanted.length ? haystacks(result) : null;
    const found = result.models.id.map((_, i) => i).filter((i) => !text || wanted.every((word) => text[i].includes(word)));
    const column = columnOf(sort);
    const sign = dir === "asc" ? 1 : -1;
    const missing = (x) => (column.number ? !Format.known(x) : x === null || x === undefined || x === "");
    const compare = column.number ? (a, b) => a - b : (a, b) => collator.compare(a, b);
    const values = new Map(found.map((i) => [i, valueOf(result, column, i)]));
    return found.sort((i, j) => {
      const [a, b] = [values.get(i), values.get(j)];
      if (missing(a) || missing(b)) return missing(a) - missing(b) || i - j;
      return sign * compare(a, b) || i - j;
    });
  }
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  function render(result) {
    view = { result, text: null, atci: Format.unit("atci", result.result.total.atci_kg_per_eflop.mean ?? 1) };
    const state = State.get();
    view.status = Dom.h("p", { class: "status", role: "status", id: "models-status" });
    view.body = Dom.h("tbody", { role: "rowgroup" });
    view.head = Dom.h("tr", { role: "row" }, COLUMNS.map(heading), Dom.h("th", { scope: "col", role: "columnheader" }, "Sources"));
    view.pages = Dom.h("nav", { class: "pages", "aria-label": "Pages of the table of models" });
    const search = Dom.h("input", { type: "search", id: "models-search", autocomplete: "off", spellcheck: "false" });
    search.value = state.q;
    search.addEventListener("input", () => State.set({ q: search.value, page: 1 }));
    view.search = search;
    const sort = Dom.select({ label: "Sort by", id: "models-sort", options: COLUMNS.map((c) => [c.key, c.words]), value: columnOf(state.sort).key, change: (key) => sortBy(key, columnOf(key).number ? "desc" : "asc") });
    const direction = Dom.button("", () => State.set({ dir: State.get().dir === "asc" ? "desc" : "asc", page: 1 }), { id: "models-direction" });
    const size = Dom.select({ label: "Rows", id: "models-size", options: SIZES.map((n) => [String(n), String(n)]), value: String(sizeOf(state)), change: (n) => State.set({ size: Number(n), page: 1 }) });
    view.sort = sort.querySelector("select");
    view.size = size.querySelector("select");
    view.direction = direction;
    const table = Dom.h("table", { class: "stacking models", role: "table", "aria-describedby": "models-status" },
      Dom.h("caption", { class: "unseen" }, "All models with their emissions and carbon intensity"),
      Dom.h("thead", { role: "rowgroup" }, view.head), view.body);
    State.on(["q", "sort", "dir", "size", "page", "row"], () => fill());
    queueMicrotask(() => fill());
    const m = result.models;
    return [
      Dom.h("p", null, m.shown < m.total
        ? `The ${Format.count(m.shown)} models with the largest mean of ${Format.count(m.total)}; the others have a mean of ${Format.amount(m.rest_mean_t, "emissions")} together. `
        : "", `Emissions as CO₂e with the ends of the ${Format.level(result.result.interval)} credible interval (equal-tailed); ATCI in ${view.atci.name}.`),
      Dom.h("div", { class: "controls screen" },
        Dom.h("span", { class: "control grow" }, Dom.h("label", { for: "models-search" }, "Search"), search), sort, direction, size),
      view.status, table, view.pages,
      Dom.h("div", { class: "buttons" }, Dom.button("Data (CSV)", saveCsv, { "aria-label": "Data (CSV): all models that match", "data-download": "csv" })),
      Dom.h("p", { class: "note paper" }, "On paper only this page of the table appears; the CSV has all models."),
    ];
  }

  const sizeOf = (state) => (SIZES.includes(state.size) ? state.size : window.innerWidth > 700 ? 25 : 10);

  function sortBy(key, dir) {
    State.set({ sort: key, dir, page: 1 });
  }

  function heading(column) {
    const click = () => {
      const { sort, dir } = State.get();
      const first = column.number ? "desc" : "asc";
      sortBy(column.key, columnOf(sort) === column ? (dir === "asc" ? "desc" : "asc") : first);
    };
    return Dom.h("th", { scope: "col", role: "columnheader", class: column.number ? "number" : null, "data-key": column.key },
      Dom.h("button", { type: "button", class: "sort", title: `Sort by ${column.words}`, on: { click } }, column.head, Dom.h("span", { class: "arrow", "aria-hidden": "true" })));
  }

  function fill() {
    const { result } = view;
    const state = State.get();
    const found = select(result, state);
    const size = sizeOf(state);
    const last = Math.max(1, Math.ceil(found.length / size));
    const page = Math.min(Math.max(1, Math.round(state.page)), last);
    const rows = found.slice((page - 1) * size, page * size);
    mark(state);
    Dom.refill(view.status, statusText(result, state, found, page, size));
    Dom.refill(view.body, rows.length ? rows.map((i) => row(result, i, state.row === i)) : Dom.h("tr", { role: "row" }, Dom.h("td", { role: "cell", colspan: COLUMNS.length + 1 }, "No model matches.")));
    Dom.refill(view.pages, pageButtons(page, last));
  }

  function mark(state) {
    const column = columnOf(state.sort);
    for (const th of view.head.querySelectorAll("th[data-key]")) {
      const sorted = th.dataset.key === column.key;
      if (sorted) th.setAttribute("aria-sort", state.dir === "asc" ? "ascending" : "descending");
      else th.removeAttribute("aria-sort");
      th.querySelector(".arrow").textContent = sorted ? (state.dir === "asc" ? "▲" : "▼") : "";
    }
    view.sort.value = column.key;
    view.size.value = String(sizeOf(state));
    view.direction.textContent = order(column, state.dir);
    if (document.activeElement !== view.search) view.search.value = state.q;
  }

  const order = (column, dir) => (column.number ? (dir === "asc" ? "Smallest first" : "Largest first") : dir === "asc" ? "A to Z" : "Z to A");

  function statusText(result, state, found, page, size) {
    const column = columnOf(state.sort);
    const from = found.length === 0 ? 0 : (page - 1) * size + 1;
    const matching = state.q.trim() ? ` match “${Format.shorten(state.q, 40)}”` : "";
    return `${Format.counted(found.length, "model")}${matching}, sorted by the ${column.words}, ${order(column, state.dir).toLowerCase().replace("a to z", "A to Z").replace("z to a", "Z to A")}. Shown: ${Format.count(from)} to ${Format.count(Math.min(page * size, found.length))}.`;
  }

  function row(result, i, open) {
    const model = Models.of(result, i);
    const content = (column) => {
      if (column.kind === "emissions") return Format.brief(Format.amount(model[column.key], "emissions"));
      if (column.kind === "atci") return Format.known(model[column.key]) ? Format.number(model[column.key] * view.atci.factor) : Format.DASH;
      return model[column.key] === null ? Format.DASH : Dom.name(model[column.key], column.key === "id" ? 70 : 36);
    };
    const more = `provenance-${i}`;
    const turn = () => {
      State.set({ row: State.get().row === i ? null : i });
      // The rows were made anew: the focus goes to the button that took the place of this one.
      view.body.querySelector(`[data-row="${i}"]`)?.focus({ preventScroll: true });
    };
    const toggle = Dom.button(open ? "Hide" : "Show", turn, {
      class: "toggle", "aria-expanded": String(open), "aria-controls": open ? more : null, "aria-label": `${open ? "Hide" : "Show"} sources of ${Format.shorten(model.id, 60)}`, "data-row": i,
    });
    const cells = COLUMNS.map((column, k) => Dom.cell({ ...column, class: [model[column.key] === null && "none", column.key === "mean" && "first"].filter(Boolean).join(" ") }, content(column), k === 0));
    const tr = Dom.h("tr", { role: "row", class: open ? "opened" : null }, cells, Dom.h("td", { role: "cell", class: "act" }, toggle));
    if (!open) return tr;
    return [tr, Dom.h("tr", { role: "row", class: "more", id: more }, Dom.h("td", { role: "cell", colspan: COLUMNS.length + 1 }, Provenance.ofModel(result, i)))];
  }

  function pageButtons(page, last) {
    const go = (text, to) => () => {
      State.set({ page: to });
      const left = [...view.pages.querySelectorAll("button:not([disabled])")];
      (left.find((other) => other.textContent === text) ?? left[0])?.focus({ preventScroll: true });
    };
    const button = (text, to, off) => Dom.button(text, go(text, to), { disabled: off });
    return [button("First", 1, page === 1), button("Previous", page - 1, page === 1), Dom.h("span", null, `Page ${Format.count(page)} of ${Format.count(last)}`),
      button("Next", page + 1, page === last), button("Last", last, page === last)];
  }

  function saveCsv() {
    const { result } = view;
    const rows = select(result, State.get()).map((i) => [...COLUMNS.map((column) => valueOf(result, column, i)), result.models.sd_t[i], Models.share(result, i)]);
    Download.saveCsv(Download.fileName(result.name, "models"), [...COLUMNS.map((c) => c.csv), "emissions_sd_t", "share_of_mean"], rows);
  }

  /** Goes to the page with this model and opens its provenance. */
  function show(i) {
    const state = State.get();
    const place = select(view.result, { ...state, q: "" }).indexOf(i);
    State.set({ q: "", page: Math.floor(place / sizeOf(state)) + 1, row: i });
    const button = view.body.querySelector(`[data-row="${i}"]`);
    button?.scrollIntoView({ block: "center" });
    button?.focus({ preventScroll: true });
  }

  return { render, show };
})();
