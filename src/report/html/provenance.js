// How the numbers of one model came about: a table of its quantities with method and source, and which are choices.
//
// Invariants: every step of the result is shown, in its order: first the quantities of the chain, then notes. A choice is
// marked by a word, not by colour.

const Provenance = (() => {
  const CHAIN = ["hours", "energy", "emissions", "compute", "efficiency", "hardware", "pue", "grid", "reporting"];
  const NAMES = { pue: "overhead of the site (PUE)", grid: "grid intensity", efficiency: "energy per compute", hardware: "chip", hours: "accelerator-hours" };

  function ofModel(result, i) {
    const steps = Models.provenance(result, i);
    const rank = (step) => (CHAIN.indexOf(step.quantity) + 1 || CHAIN.length + 1);
    const sorted = [...steps].sort((a, b) => rank(a) - rank(b));
    const id = result.models.id[i];
    if (sorted.length === 0) return Dom.h("p", { class: "note" }, "The result says nothing about where the numbers of this model come from.");
    return Dom.h("div", { class: "provenance" },
      Format.visible(id).length > 60 && Dom.h("p", { class: "whole", tabindex: "0", role: "region", "aria-label": "The whole name" }, Dom.h("bdi", null, Format.visible(id))),
      Dom.table({
        caption: ["Where the numbers of ", Dom.name(id), " come from"],
        columns: [{ head: "Quantity" }, { head: "How" }, { head: "Source" }, { head: "Kind" }],
        rows: sorted.map((step) => [NAMES[step.quantity] ?? Dom.name(step.quantity, 60), Dom.name(step.how, 400), Dom.name(step.source, 300), [step.kind, step.chosen && Dom.h("span", { class: "choice" }, "a choice")].filter(Boolean).flatMap((part, k) => (k ? [", ", part] : [part]))]),
      }),
      Dom.h("p", { class: "note" }, "“A choice”: the centre or the spread rests on judgement, without a firm source. The distributions drawn: ", Dom.h("code", null, `haze explain FILE ID`), "."));
  }

  return { ofModel };
})();
