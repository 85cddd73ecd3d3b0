// The lineage as a tree that opens and closes, by mouse and by keyboard (ARIA Authoring Practices, tree view).
//
// Invariants: exactly one item can be reached by Tab; arrows, Home, End, Enter, Space, * and letters move or open as in
// the pattern. Branches are made when they are first opened. What is open is kept in the address as positions of items.

const Tree = (() => {
  const FAMILIES_SHOWN = 25;
  const RELATIONS = {
    finetune: "fine-tune", adapter: "adapter", quantized: "quantisation", merge: "merge", distill: "distillation", fork: "copy", lora: "LoRA adapter", qlora: "QLoRA adapter",
  };

  function render(result, level) {
    const lineage = result.lineage;
    const roots = forest(lineage);
    const list = Dom.h("ul", { role: "tree", class: "tree", "aria-label": "Families of models: a base model and everything made from it" });
    const shown = { count: Math.min(FAMILIES_SHOWN, roots.length) };
    const view = { list, roots, result, level, open: opened(), typed: "", typedAt: 0, shown };
    fill(view);
    list.addEventListener("keydown", (event) => key(view, event));
    list.addEventListener("click", (event) => click(view, event));
    list.addEventListener("focusin", (event) => event.target.closest("[role=treeitem]") && rove(view, event.target.closest("[role=treeitem]")));
    const left = (lineage.families_total ?? roots.length) - roots.length;
    return [
      Dom.h("h3", { id: "tree-heading" }, "Families as a tree"),
      Dom.h("p", { class: "note" }, `“With all below” is the model and everything made from it. Mean and ${level} credible interval, CO₂e. Arrow keys move and open, * opens all neighbours.`),
      list, more(view),
      left > 0 && Dom.h("p", { class: "note" }, Dom.prose(`${Format.count(left)} smaller families are not listed; \`haze lineage\` has all of them.`)),
    ];
  }

  const opened = () => new Set(State.get().tree.split(".").filter(Boolean).map(Number));

  /** Nested items from the flat lists of branches, which come in the order of a walk with their depth. */
  function forest(lineage) {
    let position = 0;
    return lineage.families.map((family) => {
      const branches = family.tree.length > 0 ? family.tree : [{ id: family.root, depth: 0, relation: null, in_file: family.in_file, own: family.base, cumulative: family.whole, below: family.members - 1, hidden: family.members - 1 }];
      const above = [];
      for (const branch of branches) {
        const item = { branch, position: position++, children: [] };
        above.length = branch.depth;
        above.at(-1)?.children.push(item);
        above.push(item);
      }
      return above[0];
    });
  }

  function fill(view) {
    const items = view.roots.slice(0, view.shown.count);
    Dom.refill(view.list, items.map((item, i) => node(view, item, 1, i + 1, items.length)));
    view.list.querySelector("[role=treeitem]")?.setAttribute("tabindex", "0");
  }

  function more(view) {
    const rest = () => view.roots.length - view.shown.count;
    if (rest() <= 0) return null;
    const button = Dom.button(`Show all ${Format.count(view.roots.length)} families`, () => {
      const first = view.shown.count;
      view.shown.count = view.roots.length;
      fill(view);
      button.remove();
      focus(view, view.list.children[first]);
    }, { class: "more" });
    return button;
  }

  const words = (estimate) => (estimate ? Format.brief(`${Format.amount(estimate[0], "emissions")} (${Format.rangeOf([estimate[1], estimate[2]], "emissions")})`) : "not counted");

  function node(view, item, level, place, size) {
    const { branch } = item;
    const isOpen = view.open.has(item.position) && item.children.length > 0;
    const notes = [RELATIONS[branch.relation] ?? branch.relation, branch.in_file === false && "in no row", branch.reported && "reported",
      branch.hidden > 0 && `${Format.count(branch.hidden)} more not shown`, branch.again && "its branches are shown above"].filter(Boolean);
    const whole = item.children.length > 0 || branch.below > 0;
    const row = Dom.h("div", { class: "item", id: `branch-${item.position}` },
      Dom.h("span", { class: "sign", "aria-hidden": "true" }, item.children.length ? (isOpen ? "−" : "+") : ""),
      Dom.h("span", { class: "who" }, Dom.name(branch.id, 48), notes.length > 0 && Dom.h("span", { class: "soft" }, ` ${notes.map(Format.visible).join(", ")}`)),
      Dom.h("span", { class: "figure" }, Dom.h("span", { class: "soft term" }, "alone "), words(branch.own)),
      whole ? Dom.h("span", { class: "figure" }, Dom.h("span", { class: "soft term" }, "with all below "), words(branch.cumulative)) : Dom.h("span", { class: "figure last" }));
    const li = Dom.h("li", {
      role: "treeitem", tabindex: "-1", "aria-level": level, "aria-posinset": place, "aria-setsize": size, "aria-labelledby": `branch-${item.position}`,
      "aria-expanded": item.children.length ? String(isOpen) : null, "data-position": item.position,
    }, row);
    li.item = item;
    li.level = level;
    if (isOpen) branchesOf(view, li);
    return li;
  }

  function branchesOf(view, li) {
    const { children } = li.item;
    li.append(Dom.h("ul", { role: "group" }, children.map((child, i) => node(view, child, li.level + 1, i + 1, children.length))));
  }

  function toggle(view, li, open) {
    const expanded = li.getAttribute("aria-expanded");
    if (expanded === null || expanded === String(open)) return;
    li.setAttribute("aria-expanded", String(open));
    li.querySelector(":scope > .item > .sign").textContent = open ? "−" : "+";
    const group = li.querySelector(":scope > [role=group]");
    if (open && !group) branchesOf(view, li);
    else if (!open && group) group.remove();
    if (open) view.open.add(li.item.position);
    else forget(view, li.item);
    State.set({ tree: [...view.open].sort((a, b) => a - b).join(".") });
  }

  function forget(view, item) {
    const waiting = [item];
    while (waiting.length > 0) {
      const next = waiting.pop();
      view.open.delete(next.position);
      waiting.push(...next.children);
    }
  }

  function rove(view, li) {
    for (const other of view.list.querySelectorAll('[role=treeitem][tabindex="0"]')) other.setAttribute("tabindex", "-1");
    li.setAttribute("tabindex", "0");
  }

  function focus(view, li) {
    if (!li) return;
    rove(view, li);
    li.focus();
  }

  function click(view, event) {
    const li = event.target.closest("[role=treeitem]");
    if (!li) return;
    focus(view, li);
    toggle(view, li, li.getAttribute("aria-expanded") !== "true");
  }

  function key(view, event) {
    const li = event.target.closest("[role=treeitem]");
    if (!li || event.ctrlKey || event.altKey || event.metaKey) return;
    const all = [...view.list.querySelectorAll("[role=treeitem]")];
    const at = all.indexOf(li);
    const expanded = li.getAttribute("aria-expanded");
    const moves = {
      ArrowDown: () => focus(view, all[at + 1]),
      ArrowUp: () => focus(view, all[at - 1]),
      Home: () => focus(view, all[0]),
      End: () => focus(view, all.at(-1)),
      ArrowRight: () => (expanded === "false" ? toggle(view, li, true) : expanded === "true" && focus(view, all[at + 1])),
      ArrowLeft: () => (expanded === "true" ? toggle(view, li, false) : focus(view, li.parentElement.closest("[role=treeitem]"))),
      Enter: () => toggle(view, li, expanded !== "true"),
      " ": () => toggle(view, li, expanded !== "true"),
      "*": () => [...li.parentElement.children].forEach((neighbour) => toggle(view, neighbour, true)),
    };
    if (moves[event.key]) moves[event.key]();
    else if (event.key.length === 1) jump(view, all, at, event.key);
    else return;
    event.preventDefault();
  }

  /** To the next item whose name begins with what is typed. */
  function jump(view, all, at, letter) {
    const now = performance.now();
    view.typed = (now - view.typedAt < 600 ? view.typed : "") + letter.toLowerCase();
    view.typedAt = now;
    const start = view.typed.length === 1 ? at + 1 : at;
    const order = [...all.slice(start), ...all.slice(0, start)];
    focus(view, order.find((li) => Format.visible(li.item.branch.id).toLowerCase().startsWith(view.typed)));
  }

  return { render };
})();
