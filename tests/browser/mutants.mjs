// Negative controls of report.mjs: the page with one fault each must fail the check that is meant for it.
// node mutants.mjs PAGE.html, where PAGE.html has models, a lineage and names that look like markup and formulas.

import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, holds, runAll } from "./check.mjs";

const file = process.argv[2];
if (!file) {
  console.error("usage: node mutants.mjs PAGE.html");
  process.exit(2);
}
const page = await readFile(file, "utf8");
const folder = await mkdtemp(join(tmpdir(), "report-mutants-"));

/** [what is wrong, text of the page, text instead, beginning of the check that must fail] */
const MUTANTS = [
  ["a request", 'document.documentElement.classList.add("live");', 'fetch("http://127.0.0.1:9/");', "light:"],
  ["a request that the policy allows", "default-src 'none';", "default-src *;", "light:", 'document.documentElement.classList.add("live");', 'fetch("http://127.0.0.1:9/").catch(() => {});'],
  ["pale text", "--soft: #51606e", "--soft: #b7bfc7", "light:"],
  ["a control without a label", '{ for: "models-search" }, "Search"', '{ for: "nothing" }, ""', "light:"],
  ["a wide table", "min-width: 9rem", "min-width: 120rem", "no sideways scroll at any"],
  ["a wide figure", ".picture { width: 100%;", ".picture { width: 420px;", "no sideways scroll at 360"],
  ["the median for the mean", "Format.number(e.mean * u.factor, times(e.mcse?.mean", "Format.number(e.median * u.factor, times(e.mcse?.mean", "the headline"],
  ["numbers sorted as texts", "column.number ? (a, b) => a - b", "column.number ? (a, b) => String(a).localeCompare(String(b))", "sorting"],
  ["sorted by the other end", 'lo: "lo_t", hi: "hi_t"', 'lo: "hi_t", hi: "lo_t"', "sorting"],
  ["a search that finds all", "text[i].includes(word)", "true", "search"],
  ["a page that repeats a row", "found.slice((page - 1) * size, page * size)", "found.slice(Math.max(0, (page - 1) * size - 1), page * size)", "paging"],
  ["a step left out", "(result.models.provenance?.[i] ?? [])", "(result.models.provenance?.[i] ?? []).slice(1)", "a row opens"],
  ["the probability of being below", "return { p: 1 - (levels[i - 1]", "return { p: (levels[i - 1]", "exceedance"],
  ["an address that is not written", "    write();\n", "", "the address"],
  ["no right arrow", "      ArrowRight:", "      ArrowRigh:", "the tree"],
  ["two items that Tab reaches", 'role: "treeitem", tabindex: "-1"', 'role: "treeitem", tabindex: "0"', "the tree"],
  ["a formula in a file", `"'" + text : text`, "text : text", "the CSV of the table"],
  ["units left out", '"emissions_mean_t"]', '"emissions_mean"]', "the CSV of the table"],
  ["a figure without a description", 'Dom.s("desc", { id: descriptionId }', 'Dom.s("g", { id: descriptionId }', "every figure"],
  ["a file with the colours of the page", "picture(spec, FILE_WIDTH, FILE_THEME, true)", "picture(spec, FILE_WIDTH, PAGE_THEME, true)", "every figure"],
  ["other colours in a file", 'accent50: "#3f7fc0"', 'accent50: "#3f7fc1"', "a figure in a file"],
  ["names as markup", "document.createTextNode(String(child))", "document.createRange().createContextualFragment(String(child))", "names are text"],
  ["a mark that turns the direction", '.replace(ACTING, " ")', "", "names are text"],
  ["no summary", '<article id="summary">', '<article id="summary"></article><article>', "without scripts"],
];

for (const [wrong, from, to, name, alsoFrom, alsoTo] of MUTANTS) {
  check(`${wrong}: noticed by "${name}…"`, async () => {
    holds(page.includes(from), `the page has no ${from}`);
    let mutant = page.replaceAll(from, to);
    if (alsoFrom) mutant = mutant.replaceAll(alsoFrom, alsoTo);
    const path = join(folder, "mutant.html");
    await writeFile(path, mutant);
    const run = spawnSync(process.execPath, [new URL("report.mjs", import.meta.url).pathname, path], { env: { ...process.env, ONLY: name }, encoding: "utf8" });
    holds(run.status === 1 && run.stdout.includes("FAILED"), `not noticed:\n${run.stdout}${run.stderr}`);
  });
}

const failed = await runAll();
await rm(folder, { recursive: true });
process.exit(failed ? 1 : 0);
