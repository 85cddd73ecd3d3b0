// What all figures have in common: the frame with title, picture, text alternative, and its two downloads.
//
// A figure is described by data and by a function that draws it at a given width. The same function draws it for the page
// (colours from the style sheet, so that they follow dark and light) and for a file (colours written out, always light),
// so the file shows what the page shows and needs nothing else.
//
// Invariants: every figure has a title, a description in words and its data as table and CSV. Text in a figure is never
// smaller than 11 px, because figures are drawn anew for the width they get, not scaled.

const Chart = (() => {
  const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
  /** Width of a figure in a file, and of one on paper. */
  const FILE_WIDTH = 760, PAPER_WIDTH = 680;
  /** Below this width labels stand above what they label. */
  const NARROW = 560;
  const ROWS_SHOWN = 100;

  /** The light colours of style.css, for files. Each series has one hue and three densities, which differ in grey too. */
  const FILE_THEME = {
    paper: "#ffffff", ink: "#1b2530", soft: "#51606e", line: "#d4dae0",
    accent: "#0b4f94", accent50: "#3f7fc0", accent80: "#8db5de", accent95: "#cfe0f2",
    other: "#5d5a54", other50: "#8a867f", other80: "#b9b5ae", other95: "#dedbd6",
    one: "#0b4f94", two: "#3574b5", three: "#82abd8", four: "#dbbb78", five: "#f1e3c3", six: "#faf4e6",
    onOne: "#ffffff", onThree: "#1b2530",
  };
  const PAGE_THEME = Object.fromEntries(Object.keys(FILE_THEME).map((key) => [key, `var(--${key})`]));

  let canvas = null;
  /** Width of a text in px. */
  function measure(text, size = 13, weight = 400) {
    canvas ??= document.createElement("canvas").getContext("2d");
    canvas.font = `${weight} ${size}px ${FONT}`;
    return canvas.measureText(text).width;
  }

  /** The text, shortened in the middle until it fits. */
  function fit(text, width, size = 13, weight = 400) {
    let most = 80;
    let shown = Format.shorten(text, most);
    while (most > 6 && measure(shown, size, weight) > width) {
      most = Math.max(6, Math.min(most - 1, Math.floor((most * width) / measure(shown, size, weight)) + 1));
      shown = Format.shorten(text, most);
    }
    return shown;
  }

  /** A text mark. options: size, anchor, colour, weight, tone */
  function text(x, y, content, options = {}) {
    const { size = 13, anchor = "start", fill, weight } = options;
    return Dom.s("text", {
      x: round(x), y: round(y), "font-size": size, "text-anchor": anchor, fill, "font-weight": weight, style: "unicode-bidi: isolate",
    }, content);
  }

  const round = (x) => Math.round(x * 100) / 100;

  const line = (x1, y1, x2, y2, stroke, width = 1, more = {}) =>
    Dom.s("line", { x1: round(x1), y1: round(y1), x2: round(x2), y2: round(y2), stroke, "stroke-width": width, ...more });

  const rect = (x, y, width, height, fill, more = {}) =>
    Dom.s("rect", { x: round(x), y: round(y), width: round(Math.max(width, 0)), height: round(height), fill, ...more });

  const circle = (x, y, r, fill, more = {}) => Dom.s("circle", { cx: round(x), cy: round(y), r, fill, ...more });

  /** A horizontal axis below `bottom` with grid lines up to `top`; `name` is its title with the unit. */
  function axis(scale, { top, bottom, from, to, name, theme, format = Format.significant }) {
    const marks = [];
    let free = -Infinity;
    for (const tick of scale.ticks) {
      const x = scale.at(tick), label = format(tick);
      marks.push(line(x, top, x, bottom, theme.line));
      const half = measure(label, 12) / 2;
      const middle = Math.min(Math.max(x, half), to + 12 - half);
      if (middle - half < free) continue;
      free = middle + half + 8;
      marks.push(text(middle, bottom + 16, label, { size: 12, anchor: "middle", fill: theme.soft }));
    }
    marks.push(line(from, bottom, to, bottom, theme.soft));
    if (name) {
      // Centred below the axis, but never beyond the left edge of the figure.
      const half = measure(name, 12) / 2, middle = Math.max((from + to) / 2, half);
      marks.push(text(middle, bottom + 34, name, { size: 12, anchor: "middle", fill: theme.soft }));
    }
    return marks;
  }

  const figures = new Set();
  let printing = false;

  function picture(spec, width, theme, forFile) {
    const { height, marks } = spec.draw(width, theme);
    const [titleId, descriptionId] = forFile ? ["title", "description"] : [`${spec.id}-title`, `${spec.id}-description`];
    const head = forFile ? 30 : 0;
    const svg = Dom.s("svg", {
      xmlns: "http://www.w3.org/2000/svg", role: "img", viewBox: `0 0 ${round(width)} ${round(height + head)}`,
      width: round(width), height: round(height + head), "font-family": FONT, "aria-labelledby": `${titleId} ${descriptionId}`,
    },
    Dom.s("title", { id: titleId }, Format.visible(spec.title)),
    Dom.s("desc", { id: descriptionId }, Format.visible(spec.describe())));
    if (!forFile) return Dom.append(svg, [marks]);
    const title = text(0, 18, fit(spec.title, width, 15, 600), { size: 15, weight: 600, fill: theme.ink });
    return Dom.append(svg, [rect(0, 0, width, height + head, theme.paper), title, Dom.s("g", { transform: `translate(0 ${head})` }, marks)]);
  }

  /** The figure as a file of its own: light, with a margin. */
  function forFile(spec) {
    const svg = picture(spec, FILE_WIDTH, FILE_THEME, true);
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    const margin = 16;
    svg.setAttribute("viewBox", `${-margin} ${-margin} ${width + 2 * margin} ${height + 2 * margin}`);
    svg.setAttribute("width", width + 2 * margin);
    svg.setAttribute("height", height + 2 * margin);
    const ground = svg.querySelector("rect");
    for (const [key, value] of [["x", -margin], ["y", -margin], ["width", width + 2 * margin], ["height", height + 2 * margin]]) {
      ground.setAttribute(key, value);
    }
    return svg;
  }

  /**
   * spec: id, title, note (under the picture), file (name without ending),
   *       draw(width, theme) → {height, marks}, describe() → text, data() → {columns, rows}.
   */
  function figure(spec) {
    const place = Dom.h("div", { class: "picture" });
    const save = () => {
      const { columns, rows } = spec.data();
      Download.saveCsv(spec.file, columns, rows);
    };
    const buttons = Dom.h("div", { class: "buttons" },
      Dom.button("Data (CSV)", save, { "aria-label": `Data (CSV): ${spec.title}`, "data-download": "csv" }),
      Dom.button("Figure (SVG)", () => Download.saveSvg(spec.file, forFile(spec)), { "aria-label": `Figure (SVG): ${spec.title}`, "data-download": "svg" }),
      Dom.details("Data as a table", () => dataTable(spec), { class: "data" }));
    const node = Dom.h("figure", { id: spec.id },
      Dom.h("figcaption", null, Dom.h("h3", null, spec.title), spec.lead && Dom.h("p", null, spec.lead)),
      place, spec.note && Dom.h("p", { class: "note" }, spec.note), buttons);
    const entry = { place, spec, width: 0 };
    figures.add(entry);
    observer.observe(place);
    node.redraw = () => draw(entry, entry.width || place.clientWidth, true);
    return node;
  }

  function dataTable(spec) {
    const { columns, rows } = spec.data();
    const cells = rows.slice(0, ROWS_SHOWN).map((row) => row.map((value) => {
      if (typeof value === "number") return Format.significant(value);
      return value === null || value === undefined || value === "" ? Format.DASH : Dom.name(value);
    }));
    const heads = columns.map((head, i) => ({ head, number: rows.some((row) => typeof row[i] === "number") }));
    const rest = rows.length > ROWS_SHOWN && Dom.h("p", { class: "note" }, `The first ${ROWS_SHOWN} of ${Format.count(rows.length)} rows; the CSV has all of them.`);
    return Dom.h("div", null, Dom.table({ caption: `Data of the figure: ${spec.title}`, columns: heads, rows: cells, hideCaption: true, early: heads.length > 5 }), rest);
  }

  function draw(entry, width, anew) {
    if (!entry.place.isConnected) {
      figures.delete(entry);
      observer.unobserve(entry.place);
      return;
    }
    if (width < 40 || (!anew && Math.abs(width - entry.width) < 1)) return;
    entry.width = width;
    entry.place.replaceChildren(picture(entry.spec, width, PAGE_THEME, false));
  }

  const observer = new ResizeObserver((entries) => {
    if (printing) return;
    for (const { target, contentRect } of entries) {
      for (const entry of figures) if (entry.place === target) draw(entry, contentRect.width, false);
    }
  });

  function paper(on) {
    printing = on;
    for (const entry of [...figures]) draw(entry, on ? PAPER_WIDTH : entry.place.clientWidth, true);
  }
  window.addEventListener("beforeprint", () => paper(true));
  window.addEventListener("afterprint", () => paper(false));

  return { figure, measure, fit, text, line, rect, circle, axis, round, NARROW };
})();
