// Elements and tables, made so that text from a file can never become markup.
//
// Invariants: text is only ever set as a text node and attributes by setAttribute; there is no innerHTML, no insertion
// of markup and no handler as text. Whatever came from a file is shown through `name`, in an element of its own that
// isolates its direction.

const Dom = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  function append(node, children) {
    for (const child of children.flat(Infinity)) {
      if (child === null || child === undefined || child === false) continue;
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return node;
  }

  function dress(node, attributes, children) {
    for (const [key, value] of Object.entries(attributes ?? {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key === "on") {
        for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
      } else if (/^on|^srcdoc$/i.test(key)) {
        throw new Error(`no attribute ${key}: handlers are functions, under "on"`);
      } else {
        node.setAttribute(key, value === true ? "" : String(value));
      }
    }
    return append(node, children);
  }

  /** An HTML element; `on: {event: function}` adds handlers, null attributes and children are left out. */
  const h = (tag, attributes, ...children) => dress(document.createElement(tag), attributes, children);

  /** An SVG element. */
  const s = (tag, attributes, ...children) => dress(document.createElementNS(SVG, tag), attributes, children);

  /** A name from the input: text only, shortened, with the whole of a long one as a hint. */
  function name(text, most = 60) {
    const shown = Format.shorten(text, most);
    const whole = Format.visible(text);
    return h("bdi", { class: "name", title: shown === whole ? null : Format.shorten(text, 400) }, shown);
  }

  /** Empties an element and fills it anew. */
  function refill(node, ...children) {
    node.replaceChildren();
    return append(node, children);
  }

  /**
   * A table that turns into one block a row where the window is narrow: every cell then says which column it is.
   * Roles are written out, because a table shown as blocks loses those it has by itself.
   * columns: [{head, number, class}]; rows: arrays of cells (text or nodes), the first being the row's heading; early: a
   * wide table, which does so sooner.
   */
  function table({ caption, columns, rows, early, hideCaption }) {
    const head = columns.map((c) => h("th", { scope: "col", role: "columnheader", class: c.number && "number" }, c.head));
    const body = rows.map((row) => h("tr", { role: "row" }, row.map((content, i) => cell(columns[i], content, i === 0))));
    return h("table", { class: early ? "stacking early" : "stacking", role: "table" },
      h("caption", { class: hideCaption ? "unseen" : null }, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
      h("tbody", { role: "rowgroup" }, body));
  }

  /** A cell of such a table. */
  function cell(column, content, heading) {
    const attributes = {
      "data-label": heading ? null : column.head,
      class: [column.number && "number", column.class].filter(Boolean).join(" ") || null,
      role: heading ? "rowheader" : "cell",
      scope: heading ? "row" : null,
    };
    return h(heading ? "th" : "td", attributes, content);
  }

  /** A folded part. `fill` makes its content when it is first opened, so that what nobody opens costs nothing. */
  function details(summary, fill, attributes) {
    const node = h("details", attributes, h("summary", null, summary));
    let filled = false;
    const open = () => {
      if (filled) return;
      filled = true;
      append(node, [fill()]);
    };
    node.addEventListener("toggle", () => node.open && open());
    node.fill = open;
    if (attributes?.open) open();
    return node;
  }

  /** A labelled select. options: [[value, text]] */
  function select({ label, id, options, value, change, class: kind }) {
    const box = h("select", { id, on: { change: (event) => change(event.target.value) } },
      options.map(([v, text]) => h("option", { value: v }, text)));
    box.value = value;
    return h("span", { class: ["control", kind].filter(Boolean).join(" ") }, h("label", { for: id }, label), box);
  }

  /** Text in which `…` is code, as in prose. */
  const prose = (text) => text.split("`").map((part, i) => (i % 2 ? h("code", null, part) : part));

  function button(text, click, attributes) {
    return h("button", { type: "button", ...attributes, on: { click } }, text);
  }

  return { h, s, name, refill, table, cell, details, select, button, prose, append };
})();
