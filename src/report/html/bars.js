// Figures of shares: bars in rows, and bars that are divided into parts.
//
// Invariants: shares stand as text next to their bars; parts are told apart by lightness, by their order and by their
// names in a legend, never by hue alone.

const Bars = (() => {
  const { text, line, rect, fit, measure, axis, NARROW } = Chart;

  /**
   * Rows of shares. rows: [{label, value, further, range: [lo, hi], text}], `further` being drawn as an outlined
   * continuation of `value` (the total index of a first-order one) and `range` as a whisker (numerical error).
   */
  function draw(rows, { name, most }) {
    return (width, theme) => {
      const wide = width >= NARROW;
      const labelWidth = wide ? Math.min(0.42 * width, 12 + Math.max(...rows.map((row) => measure(Format.shorten(row.label, 60))))) : 0;
      const valueWidth = wide ? 16 + Math.max(...rows.map((row) => measure(row.text, 12))) : 0;
      const [from, to] = [labelWidth + 6, width - valueWidth - 8];
      const rowHeight = wide ? 30 : 44;
      const top = 4, bottom = top + rows.length * rowHeight;
      const highest = Math.max(...rows.map((row) => Math.max(row.value, row.further ?? 0, row.range?.[1] ?? 0)), 1e-9);
      const scale = Scale.linear({ lo: 0, hi: most ?? highest * 1.04, from, to, about: Math.max(2, Math.floor((to - from) / 90)) });
      const marks = axis(scale, { top, bottom, from, to, name, theme, format: (x) => Format.significant(100 * x, 3) + " %" });
      rows.forEach((row, i) => {
        const y = top + i * rowHeight + (wide ? 6 : 22), height = wide ? 18 : 16;
        const room = wide ? labelWidth - 8 : width - measure(row.text, 12) - 12;
        const label = fit(row.label, room);
        const hint = Dom.s("title", null, `${Format.shorten(row.label, 300)}: ${row.text}`);
        if (wide) marks.push(Dom.append(text(labelWidth - 6, y + 13, label, { anchor: "end", fill: theme.ink }), [hint]), text(width, y + 13, row.text, { size: 12, anchor: "end", fill: theme.ink }));
        else marks.push(Dom.append(text(0, y - 6, label, { fill: theme.ink }), [hint]), text(width, y - 6, row.text, { size: 12, anchor: "end", fill: theme.soft }));
        marks.push(rect(from, y, scale.at(Math.max(row.value, 0)) - from, height, theme.accent));
        if (row.further > row.value) {
          marks.push(rect(scale.at(row.value), y + 0.5, scale.at(row.further) - scale.at(row.value), height - 1, theme.accent95, { stroke: theme.accent, "stroke-width": 1 }));
        }
        if (row.range && row.range[1] > row.range[0]) {
          const [a, b] = row.range.map(scale.at), middle = y + height / 2;
          marks.push(line(a, middle, b, middle, theme.ink, 1.5), line(a, middle - 4, a, middle + 4, theme.ink, 1.5), line(b, middle - 4, b, middle + 4, theme.ink, 1.5));
        }
      });
      return { height: bottom + (name ? 42 : 24), marks };
    };
  }

  /** Rows that are divided into parts adding up to 1. rows: [{label, parts: [share per name]}]; names: of the parts. */
  function stacked(rows, names) {
    const tones = ["one", "two", "three", "four", "five", "six"];
    return (width, theme) => {
      const wide = width >= NARROW && rows.some((row) => row.label);
      const labelWidth = wide ? Math.min(0.34 * width, 14 + Math.max(...rows.map((row) => measure(Format.shorten(row.label, 60))))) : 0;
      const [from, to] = [labelWidth, width - 1];
      const legend = legendOf(names, tones, width, theme);
      const labelled = rows.some((row) => row.label);
      const rowHeight = wide || !labelled ? 36 : 50;
      const marks = [legend.marks];
      rows.forEach((row, i) => {
        const y = legend.height + i * rowHeight + (wide || !labelled ? 4 : 20), height = 24;
        if (wide) marks.push(text(labelWidth - 8, y + 16, fit(row.label, labelWidth - 10), { anchor: "end", fill: theme.ink }));
        else if (labelled) marks.push(text(0, y - 6, fit(row.label, width), { fill: theme.ink }));
        let x = from;
        row.parts.forEach((share, k) => {
          const w = (to - from) * Math.max(share, 0);
          const said = Format.percent(share);
          if (w <= 0) return;
          const part = rect(x, y, w, height, theme[tones[k]], { stroke: theme.paper, "stroke-width": w > 3 ? 1.5 : 0 });
          marks.push(Dom.append(part, [Dom.s("title", null, `${names[k]}: ${said}`)]));
          if (w > measure(said, 12) + 10) marks.push(text(x + w / 2, y + 16, said, { size: 12, anchor: "middle", fill: k < 2 ? theme.onOne : theme.onThree, weight: 600 }));
          x += w;
        });
        marks.push(rect(from + 0.5, y + 0.5, to - from - 1, height - 1, "none", { stroke: theme.soft, "stroke-width": 1 }));
      });
      return { height: legend.height + rows.length * rowHeight + 4, marks };
    };
  }

  /** Names of the parts in their order, wrapped to the width. */
  function legendOf(names, tones, width, theme) {
    const marks = [];
    let [x, y] = [0, 14];
    names.forEach((name, k) => {
      const w = 18 + measure(name, 12) + 18;
      if (x > 0 && x + w > width + 18) [x, y] = [0, y + 20];
      marks.push(rect(x, y - 10, 12, 12, theme[tones[k]], { stroke: theme.soft, "stroke-width": 1 }), text(x + 18, y, name, { size: 12, fill: theme.ink }));
      x += w;
    });
    return { marks, height: y + 12 };
  }

  return { draw, stacked };
})();
