// A figure of intervals in rows: one row a model, a group, a family, a result or a difference, all on one axis.
//
// Invariants: the interval's ends and the mean of each row stand as text next to it, so that nothing has to be read off
// the axis or by colour. An end that the axis does not reach ends in an arrow. A row without numbers says so.

const Interval = (() => {
  const { text, line, rect, circle, fit, measure, axis, NARROW } = Chart;

  /**
   * rows: [{label, mean, median, lo, hi, bands: [[lo, hi] of 80 %, of 50 %], tone: "accent" | "other", note}]
   * options: kind (of unit), log (true, false or by the data), zero (show it), name (of the axis, without unit)
   */
  function draw(rows, options) {
    const unit = unitOf(rows, options);
    options = { ...options, several: severalUnits(rows, unit, options) };
    return (width, theme) => {
      const wide = width >= NARROW;
      const texts = rows.map((row) => valueText(row, unit, options));
      const labelWidth = wide ? Math.min(0.34 * width, 12 + Math.max(...rows.map((row) => measure(Format.shorten(row.label, 60), 13, row.strong ? 600 : 400))), 300) : 0;
      const valueWidth = wide ? 14 + Math.max(...texts.map((t) => measure(t, 12))) : 0;
      const [from, to] = [labelWidth + 6, width - valueWidth - 8];
      const rowHeight = wide ? (rows.length > 12 ? 26 : 30) : 46;
      const top = 6, bottom = top + rows.length * rowHeight;
      const scale = scaleOf(rows, options, unit, from, to);
      const name = [options.name, options.several ? BASES[options.kind] : unit.name].filter(Boolean).join(", ") + (scale.log ? " (logarithmic)" : "");
      const format = options.several ? (tick) => Format.brief(amountOf(tick / unit.factor, options.kind)) : Format.significant;
      const marks = axis(scale, { top, bottom, from, to, name, theme, format });
      if (options.zero) marks.push(line(scale.at(0), top, scale.at(0), bottom, theme.ink, 1.5));
      rows.forEach((row, i) => {
        const middle = top + i * rowHeight + (wide ? rowHeight / 2 : 32);
        marks.push(labels(row, texts[i], { wide, middle, labelWidth, width, theme }));
        marks.push(mark(row, scale, unit, middle, theme, wide));
      });
      return { height: bottom + 42, marks };
    };
  }

  function unitOf(rows, { kind, unit }) {
    if (unit) return unit;
    const found = Scale.extent(rows.map((row) => Math.abs(row.mean ?? 0)));
    return Format.unit(kind, found ? found[1] : 0);
  }

  /** What an axis with several units measures. */
  const BASES = { emissions: "CO₂e" };

  /** `1 t`: an amount in its own unit, without trailing zeros. */
  function amountOf(x, kind) {
    const u = Format.unit(kind, x);
    return `${Format.significant(x * u.factor)}${Format.NBSP}${u.name}`;
  }

  /** Whether one unit would give numbers such as 0.00001: then each has its own. */
  function severalUnits(rows, unit, { kind, zero }) {
    if (zero || kind !== "emissions") return false;
    const sizes = rows.flatMap((row) => [row.mean, row.lo]).filter((x) => x > 0);
    return sizes.some((x) => x * unit.factor < 0.002);
  }

  /** Logarithmic where the intervals span more than a factor of 50. */
  function scaleOf(rows, { log, zero }, unit, from, to) {
    const values = rows.flatMap((row) => [row.lo, row.hi, row.mean]).filter(Format.known).map((x) => x * unit.factor);
    const found = Scale.extent(values, zero ? [0] : []) ?? [0, 1];
    const positive = values.filter((x) => x > 0);
    const least = positive.length ? Math.min(...positive) : 0;
    const about = Math.max(2, Math.floor((to - from) / 80));
    if (log ?? (found[0] >= 0 && least > 0 && found[1] / least > 50)) {
      return Scale.log({ lo: Math.max(least * 0.9, found[1] / 1e6), hi: found[1] * 1.1, from, to, about });
    }
    if (found[0] === 0 && found[1] === 0) return Scale.linear({ lo: 0, hi: 1, from, to, about });
    const pad = 0.04 * (found[1] - found[0] || Math.abs(found[1]) || 1);
    const lo = found[0] >= 0 && found[0] < 0.4 * found[1] ? 0 : found[0] - pad;
    return Scale.linear({ lo, hi: found[1] + pad, from, to, about });
  }

  function valueText(row, unit, { kind, several }) {
    if (row.text) return row.text;
    if (!Format.known(row.mean)) return "not defined";
    const interval = Format.known(row.lo) && Format.known(row.hi);
    if (several) return Format.brief(Format.amount(row.mean, kind) + (interval ? ` (${Format.rangeOf([row.lo, row.hi], kind)})` : ""));
    return Format.number(row.mean * unit.factor) + (interval ? ` (${Format.range([row.lo, row.hi], unit)})` : "");
  }

  function labels(row, value, { wide, middle, labelWidth, width, theme }) {
    const hint = Dom.s("title", null, `${Format.shorten(row.label, 300)}: ${value}`);
    if (wide) {
      const label = text(labelWidth - 6, middle + 4, fit(row.label, labelWidth - 8, 13, row.strong ? 600 : 400), { anchor: "end", fill: theme.ink, weight: row.strong ? 600 : null });
      return [Dom.append(label, [hint]), text(width, middle + 4, value, { size: 12, anchor: "end", fill: theme.ink })];
    }
    const room = width - measure(value, 12) - 12;
    const label = text(0, middle - 14, fit(row.label, room, 13, row.strong ? 600 : 400), { fill: theme.ink, weight: row.strong ? 600 : null });
    return [Dom.append(label, [hint]), text(width, middle - 14, value, { size: 12, anchor: "end", fill: theme.soft })];
  }

  function mark(row, scale, unit, y, theme, wide) {
    const tone = row.tone ?? "accent";
    const at = (x) => scale.at(x * unit.factor);
    const marks = [];
    if (Format.known(row.lo) && Format.known(row.hi)) {
      const [a, b] = [at(row.lo), at(row.hi)];
      const half = row.bands ? 9 : wide ? 4 : 5;
      marks.push(rect(a, y - half, Math.max(b - a, 1), 2 * half, theme[`${tone}95`]));
      (row.bands ?? []).forEach(([lo, hi], i) => marks.push(rect(at(lo), y - half, at(hi) - at(lo), 2 * half, theme[`${tone}${i ? 50 : 80}`])));
      marks.push(line(a, y, b, y, theme[tone], 1, row.bands ? { opacity: 0.55 } : {}));
      marks.push(end(scale, row.lo * unit.factor, a, y, half + 2, theme[tone], -1), end(scale, row.hi * unit.factor, b, y, half + 2, theme[tone], 1));
      if (Format.known(row.median)) marks.push(line(at(row.median), y - half - 2, at(row.median), y + half + 2, theme[tone], 2.5));
    }
    if (Format.known(row.mean)) {
      const dot = tone === "other"
        ? rect(at(row.mean) - 4, y - 4, 8, 8, theme.paper, { stroke: theme[tone], "stroke-width": 2 })
        : circle(at(row.mean), y, 4.5, theme.paper, { stroke: theme[tone], "stroke-width": 2 });
      marks.push(dot);
    }
    return marks;
  }

  /** The end of an interval: a tick, or an arrow where the axis ends first. */
  function end(scale, value, x, y, half, stroke, side) {
    if (scale.inside(value) || (!scale.log && value === 0)) return line(x, y - half, x, y + half, stroke, 1.5);
    const tip = x - 1 * side;
    return Dom.s("path", { d: `M${Chart.round(tip - 6 * side)} ${y - 5}L${Chart.round(tip)} ${y}L${Chart.round(tip - 6 * side)} ${y + 5}`, fill: "none", stroke, "stroke-width": 2 });
  }

  /** The rows in words. */
  function describe(rows, options, level) {
    const unit = unitOf(rows, options);
    options = { ...options, several: severalUnits(rows, unit, options) };
    const most = 12;
    const said = rows.slice(0, most).map((row) => `${Format.shorten(row.label, 40)} ${valueText(row, unit, options)}`);
    const rest = rows.length > most ? ` and ${rows.length - most} more` : "";
    return `Mean and ${level} credible interval, ${options.several ? BASES[options.kind] : unit.name || "ratio"}: ${said.join("; ")}${rest}.`;
  }

  const LEGEND = (level) => `Bar: ${level} credible interval (equal-tailed). Circle: mean. Tick: median. An arrow: the interval goes on beyond the axis.`;

  return { draw, describe, LEGEND };
})();
