// Every default in force with its source, by section, and which are choices.
//
// Invariants: all of them are in the page and in the CSV; a choice and a change by the study are marked by words.

const Defaults = (() => {
  const SECTIONS = { pue: "Overhead of the site (PUE)", k_node: "Node power ratio (k)", figures: "Published figures", derivative: "Derivatives", hours: "Accelerator-hours", development: "Failed and exploratory runs", regression: "Regressions" };

  function render(result) {
    const list = result.defaults;
    if (!list?.length) return [Dom.h("p", { class: "note" }, "The report does not list the defaults; ", Dom.h("code", null, "haze priors"), " does.")];
    const chosen = list.filter((d) => d.chosen).length, changed = list.filter((d) => d.changed).length;
    const sections = [...new Set(list.map((d) => d.section ?? ""))];
    return [
      Dom.h("p", null, `${Format.counted(list.length, "default")} fill what the input does not state. ${Format.count(chosen)} of them rest on judgement (“a choice”), the others on the source named. `,
        changed > 0 ? `The study changed ${Format.count(changed)} of them.` : "The study changed none of them."),
      sections.map((section) => part(section, list.filter((d) => (d.section ?? "") === section))),
      Dom.h("p", { class: "note paper" }, "Not printed: the page itself lists them, section by section, and so does the CSV."),
      Dom.h("div", { class: "buttons" }, Dom.button("Data (CSV)", () => save(result, list), { "aria-label": "Data (CSV): all defaults", "data-download": "csv" })),
    ];
  }

  function part(section, list) {
    const title = SECTIONS[section] ?? section.charAt(0).toUpperCase() + section.slice(1).replaceAll("_", " ");
    return Dom.details(`${title || "Others"} (${list.length})`, () => Dom.table({
      caption: `Defaults: ${title}`, hideCaption: true,
      columns: [{ head: "Name" }, { head: "Value" }, { head: "Unit" }, { head: "Source" }, { head: "Basis" }],
      rows: list.map((d) => [Dom.h("code", null, Format.visible(d.name)), Dom.name(d.value, 300), Dom.name(d.unit ?? "", 120), source(d), [d.chosen ? "a choice" : "source", d.changed ? ", changed by the study" : ""]]),
    }), { class: "wide close" });
  }

  function source(d) {
    const words = Dom.name(d.source ?? "", 500);
    return /^https:\/\/[^\s]+$/.test(d.url ?? "") ? [words, " ", Dom.h("a", { href: d.url, rel: "noopener noreferrer" }, Format.shorten(d.url.replace("https://", ""), 50))] : words;
  }

  function save(result, list) {
    Download.saveCsv(Download.fileName(result.name, "defaults"), ["section", "name", "value", "unit", "source", "chosen", "changed_by_study", "url"],
      list.map((d) => [d.section, d.name, d.value, d.unit, d.source, d.chosen, Boolean(d.changed), d.url]));
  }

  return { render };
})();
