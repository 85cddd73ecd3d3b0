// Builds the page: reads the data, lays out the sections, follows the choice of a result.
//
// Invariants: the text version stays if anything fails, with a word on what failed. All sections are built anew when
// another result is chosen or the address is edited; nothing else keeps a copy of the choice.

const SECTIONS = [
  ["headline", "Total", (result) => Headline.render(result)],
  ["compare", "Comparison", (result, data) => Compare.render(data), (data) => data.results.length > 1],
  ["exceedance", "How likely is it above x?", (result) => Exceedance.render(result)],
  ["uncertainty", "What makes it uncertain", (result) => Sensitivity.render(result)],
  ["contributors", "Largest contributors", (result) => Contributors.render(result)],
  ["groups", "By year, hardware and region", (result) => Groups.render(result)],
  ["tiers", "What it rests on", (result) => Tiers.render(result)],
  ["lineage", "Lineage", (result) => Families.render(result)],
  ["models", "All models", (result) => Table.render(result)],
  ["validation", "Validation", (result) => Validation.render(result)],
  ["defaults", "Defaults and sources", (result) => Defaults.render(result)],
  ["reproduce", "How to reproduce it", (result, data) => Reproduce.render(result, data.program)],
];

function chosenResult(data) {
  const i = State.get().result;
  return Number.isInteger(i) && i >= 0 && i < data.results.length ? i : 0;
}

function goTo(id) {
  const section = document.getElementById(id);
  if (!section?.matches("main > section")) return;
  section.scrollIntoView();
  section.querySelector("h2").focus({ preventScroll: true });
}

function contents(sections) {
  const link = ([id, title]) => Dom.h("li", null, Dom.h("a", {
    href: `#${id}`,
    on: {
      click: (event) => {
        event.preventDefault();
        State.set({ at: id });
        goTo(id);
      },
    },
  }, title));
  return Dom.h("nav", { class: "contents", "aria-label": "Contents" }, Dom.h("ul", null, sections.map(link)));
}

function build(data) {
  State.forget();
  const chosen = chosenResult(data);
  const result = data.results[chosen];
  const sections = SECTIONS.filter(([, , , when]) => !when || when(data));
  const selector = data.results.length > 1 && Dom.select({
    label: "Result shown", id: "result", class: "which", value: String(chosen),
    options: data.results.map((r, i) => [String(i), Format.shorten(r.name, 60)]),
    change: (value) => State.set({ result: Number(value) }),
  });
  const several = Format.counted(data.results.length, "result");
  const main = document.getElementById("main");
  const made = sections.map(([id, title, render]) => Dom.h("section", { id, "aria-labelledby": `${id}-heading` },
    Dom.h("h2", { id: `${id}-heading`, tabindex: "-1" }, title), render(result, data)));
  Dom.refill(document.getElementById("about"),
    Dom.h("p", { class: "program" }, `Carbon footprint of training, with its uncertainty · ${Format.visible(data.program)}`),
    Dom.h("h1", null, Dom.name(result.name, 120)),
    data.results.length > 1 && Dom.h("p", { class: "note" }, `One of ${several}; the comparison shows all of them.`), selector);
  Dom.refill(document.getElementById("contents"), contents(sections));
  Dom.refill(main, made);
  document.title = `${Format.shorten(result.name, 80)} · Carbonhaze`;
  State.on(["result"], () => {
    build(data);
    document.getElementById("result")?.focus();
  });
}

/** On paper everything that explains a figure is open; long lists stay closed. */
function openForPaper() {
  for (const node of document.querySelectorAll('details[data-print="open"]:not([open])')) {
    node.fill?.();
    node.open = true;
    node.dataset.closed = "after";
  }
}

function closeAfterPaper() {
  for (const node of document.querySelectorAll("details[data-closed]")) {
    node.open = false;
    delete node.dataset.closed;
  }
}

function start() {
  const data = JSON.parse(document.getElementById("data").textContent);
  if (data.format !== 1) throw new Error(`the data have format ${data.format}, this page reads 1`);
  if (!Array.isArray(data.results) || data.results.length === 0) throw new Error("there is no result in the data");
  State.start(() => build(data));
  build(data);
  if (State.get().at) goTo(State.get().at);
  document.querySelector(".skip").addEventListener("click", (event) => {
    // A jump to "#main" would overwrite the state in the address.
    event.preventDefault();
    document.getElementById("main").focus();
  });
  window.addEventListener("beforeprint", openForPaper);
  window.addEventListener("afterprint", closeAfterPaper);
  document.documentElement.classList.add("live");
}

try {
  start();
} catch (error) {
  const place = document.getElementById("failure");
  place.hidden = false;
  place.textContent = `The interactive page could not be built (${error.message}). The summary below is complete in itself.`;
  throw error;
}
