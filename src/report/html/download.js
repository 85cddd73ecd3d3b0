// Files that the reader can keep: the data of a chart as CSV, the chart as SVG.
//
// Invariants: units are in the column names and every digit of the data is kept. A text that a spreadsheet would take for
// a formula gets an apostrophe in front, as in src/report/csv.rs (OWASP, CSV Injection); numbers are numbers, so that a
// negative one stays one. Nothing is fetched: the file is made from what the page holds.

const Download = (() => {
  const guarded = (text) => (/^[=+\-@\t\r]/.test(text) ? "'" + text : text);

  function field(value) {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
    if (typeof value === "boolean") return String(value);
    const text = guarded(String(value));
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  /** columns: names; rows: arrays of numbers, texts, booleans or null. */
  function csv(columns, rows) {
    return [columns, ...rows].map((row) => row.map(field).join(",") + "\n").join("");
  }

  function save(file, type, text) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    const link = Dom.h("a", { href: address, download: file, hidden: true });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  /** Letters, digits and hyphens, for the name of a file. */
  const slug = (text) =>
    Format.visible(text).normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40).toLowerCase();

  const fileName = (...parts) => parts.map(slug).filter(Boolean).join("-") || "carbonhaze";

  function saveCsv(name, columns, rows) {
    save(`${name}.csv`, "text/csv;charset=utf-8", csv(columns, rows));
  }

  function saveSvg(name, svg) {
    const text = '<?xml version="1.0" encoding="UTF-8"?>\n' + new XMLSerializer().serializeToString(svg) + "\n";
    save(`${name}.svg`, "image/svg+xml", text);
  }

  return { csv, saveCsv, saveSvg, fileName };
})();
