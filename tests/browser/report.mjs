// Tests of a report page in a browser: node report.mjs PAGE.html [FOLDER FOR SCREENSHOTS]
//
// They read the data inside the page and compare what the page shows, does and saves with them, so any report will do.
// What a page has not (several results, a lineage) is skipped, and said so.

import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { accessibility, dataOf, downloadOf, launch, open, parseCsv, sideways, SIZES, WIDTHS } from "./browser.mjs";
import { check, holds, runAll, same } from "./check.mjs";

const [file, folder] = process.argv.slice(2);
if (!file) {
  console.error("usage: node report.mjs PAGE.html [FOLDER FOR SCREENSHOTS]");
  process.exit(2);
}
const browser = await launch();
const known = (x) => typeof x === "number" && Number.isFinite(x);
const guarded = (text) => (/^[=+\-@\t\r]/.test(text) ? "'" + text : text);

/** Opens the page for one check. */
async function on(options, use) {
  const opened = await open(browser, resolve(file), options);
  try {
    return await use(opened.page, opened);
  } finally {
    await opened.close();
  }
}
const at = (page) => page.evaluate(() => location.hash);
const shownIds = (page) => page.locator(".models > tbody > tr:not(.more) > th").allTextContents();

for (const scheme of ["light", "dark"]) {
  check(`${scheme}: nothing in the console, no request, no serious finding of axe-core`, () => on({ scheme }, async (page, { messages, requests }) => {
    for (const details of await page.locator("details").all()) await details.evaluate((node) => (node.open = true));
    if (await page.locator(".models .toggle").count()) await page.locator(".models .toggle").first().click();
    await page.waitForTimeout(200);
    same(await accessibility(page), [], "axe-core");
    same(messages, [], "console");
    same(requests, [], "requests");
  }));
}

check("no serious finding at 360 px", () => on({ width: 360 }, async (page) => same(await accessibility(page), [], "axe-core")));

for (const width of SIZES) {
  check(`no sideways scroll at ${width} px, all parts closed`, () => on({ width }, async (page) => same(await sideways(page), { over: 0, out: [] })));
}

check("no sideways scroll at any width, all parts open", () => on({}, async (page) => {
  for (const details of await page.locator("details").all()) await details.evaluate((node) => (node.open = true));
  if (await page.locator(".models .toggle").count()) await page.locator(".models .toggle").first().click();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await page.waitForTimeout(120);
    same(await sideways(page), { over: 0, out: [] }, `${width} px`);
  }
}));

check("screenshots", async () => {
  if (!folder) return "no folder given";
  await mkdir(folder, { recursive: true });
  for (const width of SIZES) {
    for (const scheme of ["light", "dark"]) {
      await on({ width, scheme }, (page) => page.screenshot({ path: join(folder, `report-${width}-${scheme}.png`), fullPage: true }));
    }
  }
  await on({}, (page) => page.pdf({ path: join(folder, "report.pdf"), format: "A4" }));
});

check("the headline shows the mean and both ends of the data", () => on({}, async (page) => {
  const { results: [{ result }] } = await dataOf(page);
  const e = result.total.emissions_t;
  const text = await page.locator(".point").textContent();
  if (!known(e.mean)) return void holds(/not defined/.test(text), `a mean that is not defined is called so: ${text}`);
  if (e.mean === 0) return void holds(/no emissions/.test(text), text);
  const found = [...text.matchAll(/([\d,.]+)(?: to ([\d,.]+))?\u00a0(g|kg|t|kt|Mt) CO₂e/g)].map((m) => [m[1], m[2], m[3]]);
  const factor = { g: 1e6, kg: 1e3, t: 1, kt: 1e-3, Mt: 1e-6 };
  const number = (x) => Number(x.replaceAll(",", ""));
  const near = (shown, unit, x) => Math.abs(number(shown) / (x * factor[unit]) - 1) < 0.02;
  holds(near(found[0][0], found[0][2], e.mean), `mean ${e.mean} in: ${text}`);
  holds(near(found[1][0], found[1][2], e.interval[0]) && near(found[1][1], found[1][2], e.interval[1]), `interval ${e.interval} in: ${text}`);
}));

check("sorting: every column, by what its head says, both ways", () => on({}, async (page) => {
  const { results: [{ models, texts }] } = await dataOf(page);
  const columns = { mean: "mean_t", median: "median_t", lo: "lo_t", hi: "hi_t", atci: "atci", atciLo: "atci_lo", atciHi: "atci_hi" };
  await page.selectOption("#models-size", "100");
  for (const key of ["id", "tier", "organization", "year", "hardware", "region", ...Object.keys(columns)]) {
    const head = page.locator(`.models th[data-key="${key}"]`);
    for (const turn of [1, 2]) {
      // The mean is sorted by when the page opens, so its first click turns the order round.
      await head.locator("button").click();
      const direction = await head.getAttribute("aria-sort");
      holds(["ascending", "descending"].includes(direction), `${key}: aria-sort is ${direction}`);
      same(await page.locator(".models th[aria-sort]").count(), 1, "columns that are sorted");
      const places = await page.locator(".models > tbody .toggle").evaluateAll((nodes) => nodes.map((n) => Number(n.dataset.row)));
      const value = (i) => (columns[key] ? models[columns[key]][i] : key === "id" ? models.id[i] : models[key][i] === null ? null : texts[models[key][i]]);
      const values = places.map(value);
      const defined = values.filter((x) => x !== null);
      same(values.slice(defined.length).every((x) => x === null), true, `${key}: what is not defined comes last`);
      const order = columns[key] ? (a, b) => a - b : new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;
      const sign = direction === "ascending" ? 1 : -1;
      for (let i = 1; i < defined.length; i++) holds(sign * order(defined[i - 1], defined[i]) <= 0, `${key}, ${direction}: ${defined[i - 1]} before ${defined[i]}`);
      if (columns[key]) {
        const all = models[columns[key]].filter(known);
        if (all.length) same(defined[0], sign > 0 ? Math.min(...all) : Math.max(...all), `${key}: the first of all, not of the page`);
      }
      const said = await page.locator("#models-status").textContent();
      const words = { mean: "mean of the emissions", lo: "lower end of the interval of the emissions", hi: "upper end of the interval of the emissions" };
      if (words[key]) holds(said.includes(words[key]), `the status says by what: ${said}`);
      holds(turn === 1 || (await at(page)).includes("sort=") || key === "mean", "the order is in the address");
    }
  }
}));

check("search finds by name and label, and nothing else", () => on({}, async (page) => {
  const { results: [{ models, texts }] } = await dataOf(page);
  const word = models.id[models.id.length - 1].slice(0, 8).toLowerCase().trim().split(/\s/)[0];
  const labels = (i) => [models.id[i], ...["tier", "organization", "year", "hardware", "region"].map((k) => (models[k][i] === null ? "" : texts[models[k][i]]))].join("\n").toLowerCase();
  const wanted = models.id.filter((_, i) => labels(i).includes(word)).length;
  await page.fill("#models-search", word);
  holds((await page.locator("#models-status").textContent()).startsWith(`${wanted.toLocaleString("en")} model`), `${wanted} wanted: ${await page.locator("#models-status").textContent()}`);
  await page.fill("#models-search", "no model is called like this ☂");
  same(await page.locator(".models .toggle").count(), 0, "rows");
  holds((await page.locator(".models tbody").textContent()).includes("No model matches"), "the empty table says so");
}));

check("paging shows every model once", () => on({}, async (page) => {
  const { results: [{ models }] } = await dataOf(page);
  await page.selectOption("#models-size", models.shown > 250 ? "250" : "10");
  const seen = new Set();
  for (let n = 0; n < 1000; n++) {
    for (const i of await page.locator(".models .toggle").evaluateAll((nodes) => nodes.map((node) => node.dataset.row))) {
      holds(!seen.has(i), `model ${i} twice`);
      seen.add(i);
    }
    const next = page.getByRole("button", { name: "Next", exact: true });
    if (await next.isDisabled()) break;
    await next.click();
  }
  same(seen.size, models.shown, "models seen");
}));

check("a row opens its provenance, with every step", () => on({}, async (page) => {
  const { results: [{ models, steps, texts }] } = await dataOf(page);
  const button = page.locator(".models .toggle").first();
  const i = Number(await button.getAttribute("data-row"));
  await button.click();
  same(await page.locator(`[data-row="${i}"]`).getAttribute("aria-expanded"), "true");
  same(await page.evaluate(() => document.activeElement.dataset.row), String(i), "the row of the button with the focus");
  const rows = page.locator(`#provenance-${i} tbody tr`);
  same(await rows.count(), models.provenance[i].length, "steps");
  const text = await page.locator(`#provenance-${i}`).textContent();
  for (const step of models.provenance[i]) holds(text.includes(texts[steps[step][3]].slice(0, 40)), `the source ${texts[steps[step][3]]}`);
  await page.locator(`[data-row="${i}"]`).click();
  same(await page.locator(`#provenance-${i}`).count(), 0, "closed again");
}));

check("exceedance: number, slider and the reverse agree with the quantiles", () => on({}, async (page) => {
  const { results: [{ quantiles, result }] } = await dataOf(page);
  if (!(await page.locator("#exceedance-x").count())) return "the total has no distribution";
  const unit = (await page.locator('label[for="exceedance-x"]').textContent()).match(/\((\S+) CO₂e\)/)[1];
  const factor = { g: 1e6, kg: 1e3, t: 1, kt: 1e-3, Mt: 1e-6 }[unit];
  const { levels, emissions_t: values } = quantiles;
  const at90 = levels.indexOf(0.9);
  await page.fill("#exceedance-x", String(values[at90] * factor));
  const said = Number((await page.locator("#exceedance-p").textContent()).replace(/[^\d.]/g, ""));
  holds(Math.abs(said - 10) < 0.6, `10 % above the 90 % quantile, the page says ${said}`);
  const before = await page.locator("#exceedance-p").textContent();
  await page.locator("#exceedance-slider").focus();
  for (let i = 0; i < 60; i++) await page.keyboard.press("ArrowLeft");
  const after = await page.locator("#exceedance-p").textContent();
  holds(Number(after.replace(/[^\d.]/g, "")) > Number(before.replace(/[^\d.]/g, "")), `a lower threshold is exceeded more often: ${before}, then ${after}`);
  holds((await at(page)).includes("x="), "the threshold is in the address");
  await page.fill("#exceedance-x", String(values.at(-1) * factor * 2));
  holds((await page.locator("#exceedance-p").textContent()).startsWith("less than"), "beyond the last quantile there is only a bound");
  await page.fill("#exceedance-percent", "10");
  const value = Number((await page.locator("#exceedance-value").textContent()).replace(/[^\d.]/g, ""));
  holds(Math.abs(value / (values[at90] * factor) - 1) < 0.01, `the total exceeded with 10 %: ${value}, wanted ${values[at90] * factor}`);
  holds(result.draws > 0, "draws");
}));

check("the address restores what was chosen", () => on({}, async (page) => {
  const { results } = await dataOf(page);
  if (results.length > 1) await page.selectOption("#result", "1");
  await page.locator('.models th[data-key="lo"] button').click();
  await page.selectOption("#models-size", "10");
  const i = await page.locator(".models .toggle").first().getAttribute("data-row");
  await page.locator(".models .toggle").first().click();
  if (await page.locator("#groups-measure").count()) await page.selectOption("#groups-measure", "atci");
  if (await page.locator("#exceedance-percent").count()) await page.fill("#exceedance-percent", "20");
  const hash = await at(page);
  const state = () => page.evaluate(() => ({
    heading: document.querySelector("h1").textContent, status: document.getElementById("models-status").textContent, open: [...document.querySelectorAll(".models tr.more")].map((n) => n.id),
    measure: document.getElementById("groups-measure")?.value, groups: document.querySelector("#figure-groups h3")?.textContent, percent: document.getElementById("exceedance-percent")?.value,
  }));
  const before = await state();
  same(before.open, [`provenance-${i}`]);
  await page.reload();
  await page.waitForTimeout(200);
  same(await at(page), hash, "address after reload");
  same(await state(), before, "state after reload");
  await page.evaluate(() => (location.hash = "#sort=hi&dir=asc&nonsense=1&page=-7&size=1e9&result=99"));
  await page.waitForTimeout(200);
  holds((await page.locator("#models-status").textContent()).includes("upper end"), "an edited address is followed");
}));

check("the contents jump to a section and keep the state", () => on({}, async (page) => {
  await page.fill("#models-search", "a");
  await page.locator('.contents a[href="#reproduce"]').click();
  holds(await page.locator("#reproduce-heading").evaluate((node) => document.activeElement === node), "the heading has the focus");
  holds((await at(page)).includes("q=a"), "the search is still in the address");
  await page.keyboard.press("Control+Home");
  await page.locator(".skip").focus();
  await page.keyboard.press("Enter");
  same(await page.evaluate(() => document.activeElement.id), "main");
  holds((await at(page)).includes("q=a"), "the skip link keeps the address");
}));

check("the tree by keyboard", () => on({}, async (page) => {
  const tree = page.getByRole("tree");
  if (!(await tree.count())) return "no lineage";
  const closed = tree.locator(':scope > [aria-expanded="false"]').first();
  if (!(await closed.count())) return "no family has branches";
  const first = page.locator(`[data-position="${await closed.getAttribute("data-position")}"]`);
  same(await tree.locator('[tabindex="0"]').count(), 1, "items that Tab reaches");
  await first.focus();
  const focused = () => page.evaluate(() => document.activeElement.dataset.position);
  const position = await focused();
  await page.keyboard.press("ArrowRight");
  same(await first.getAttribute("aria-expanded"), "true", "after →");
  holds((await at(page)).includes(`tree=${position}`), "the branch is in the address");
  await page.keyboard.press("ArrowRight");
  const child = await page.evaluate(() => document.activeElement.getAttribute("aria-level"));
  same(child, "2", "level after a second →");
  await page.keyboard.press("ArrowLeft");
  same(await focused(), position, "← goes to the parent");
  await page.keyboard.press("ArrowDown");
  holds((await focused()) !== position, "↓ moves on");
  await page.keyboard.press("ArrowUp");
  same(await focused(), position, "↑ moves back");
  await page.keyboard.press("ArrowLeft");
  same(await first.getAttribute("aria-expanded"), "false", "after ←");
  await page.keyboard.press("Enter");
  same(await first.getAttribute("aria-expanded"), "true", "after Enter");
  await page.keyboard.press("End");
  same(await tree.locator('[tabindex="0"]').count(), 1, "items that Tab reaches, still");
  await page.keyboard.press("Home");
  same(await page.evaluate(() => document.activeElement.getAttribute("aria-posinset")), "1", "Home");
  await page.reload();
  await page.waitForTimeout(150);
  same(await page.locator(`[data-position="${position}"]`).getAttribute("aria-expanded"), "true", "open after a reload");
}));

check("every figure has a name, a description, its data and its picture", () => on({}, async (page) => {
  const { results: [{ result, quantiles, models }] } = await dataOf(page);
  const figures = await page.locator("figure").all();
  for (const figure of figures) {
    const id = await figure.getAttribute("id");
    const svg = figure.locator(".picture svg");
    same(await svg.getAttribute("role"), "img", id);
    for (const part of (await svg.getAttribute("aria-labelledby")).split(" ")) holds((await page.locator(`#${part}`).textContent()).length > 5, `${id}: ${part}`);
    const csv = await downloadOf(page, () => figure.locator('[data-download="csv"]').click()).catch((error) => { throw new Error(`${id}: ${error.message}`); });
    const rows = parseCsv(csv.text);
    holds(csv.name.endsWith(".csv") && rows.length > 1, `${id}: ${csv.name} has rows`);
    holds(rows.every((row) => row.length === rows[0].length), `${id}: every row has as many cells as the head`);
    holds(rows.slice(1).flat().every((cell) => !/^[=+@\t]/.test(cell) && (!cell.startsWith("-") || known(Number(cell)))), `${id}: no cell is a formula`);
    const file = await downloadOf(page, () => figure.locator('[data-download="svg"]').click());
    const faults = await page.evaluate((text) => {
      const document = new DOMParser().parseFromString(text, "image/svg+xml");
      const all = [...document.querySelectorAll("*")];
      const allowed = new Set(["svg", "title", "desc", "g", "rect", "line", "circle", "path", "text"]);
      return [
        ...(document.querySelector("parsererror") ? ["not well-formed"] : []), ...all.filter((e) => !allowed.has(e.localName)).map((e) => e.localName),
        ...all.flatMap((e) => [...e.attributes].filter((a) => /^on|href|var\(|url\(/.test(a.name + " " + a.value)).map((a) => `${a.name}=${a.value}`)),
        ...(document.querySelector("svg > title") && document.querySelector("svg > desc") ? [] : ["no title"]),
      ];
    }, file.text);
    same(faults, [], `${id}: the SVG`);
    holds(!file.text.includes("NaN") && !file.text.includes("undefined"), `${id}: the SVG has numbers everywhere`);
    if (id === "figure-headline") same(rows.slice(1).map((row) => [Number(row[0]), Number(row[1])]), quantiles.levels.map((level, i) => [level, quantiles.emissions_t[i]]), "quantiles in the CSV");
    if (id === "figure-contributors") same(rows.slice(1, 4).map((row) => [row[0], Number(row[3])]), models.id.slice(0, Math.min(3, rows.length - 1)).map((name, i) => [guarded(name), models.mean_t[i]]), "contributors in the CSV");
    if (id === "figure-tiers") same(rows.length - 1, result.concentration.tiers.length, "tiers in the CSV");
  }
  if (known(result.total.emissions_t.mean) && result.total.emissions_t.mean > 0) holds(figures.length >= 5, `${figures.length} figures`);
}));

check("a figure in a file has the light colours of the page, also in the dark", () => on({ scheme: "dark" }, async (page) => {
  if (!(await page.locator("#figure-headline").count())) return "no headline figure";
  const { text } = await downloadOf(page, () => page.locator('#figure-headline [data-download="svg"]').click());
  await page.emulateMedia({ colorScheme: "light" });
  const colours = await page.evaluate(() => ["--paper", "--ink", "--soft", "--line", "--accent", "--accent50", "--accent80", "--accent95", "--other", "--other50", "--other80", "--other95"].map((name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()));
  for (const colour of colours) holds(text.includes(`"${colour}"`), `${colour} of the style sheet is in the file`);
}));

check("the CSV of the table has every model that matches, in order, with guarded names", () => on({}, async (page) => {
  const { results: [{ models }] } = await dataOf(page);
  const click = () => page.locator('#models [data-download="csv"]').click();
  const rows = parseCsv((await downloadOf(page, click)).text);
  same(rows[0][0], "id");
  same(rows[0].includes("emissions_mean_t"), true, "the unit is in the column's name");
  same(rows.slice(1).map((row) => row[0]), models.id.map(guarded), "names");
  same(rows.slice(1).map((row) => (row[6] === "" ? null : Number(row[6]))), models.mean_t, "means");
}));

check("several results: the comparison has every pair, the selector shows each", () => on({}, async (page) => {
  const { results, comparisons } = await dataOf(page);
  if (results.length < 2) return "one result";
  if (comparisons.length) {
    const rows = page.locator("#compare table > tbody > tr");
    same(await page.locator("#compare > table > tbody > tr").count(), comparisons.length, "pairs");
    for (const [i, c] of comparisons.entries()) holds((await rows.nth(i).textContent()).includes(c.shared_draws ? "the same" : "independent"), "whether the random numbers are shared");
  }
  for (let i = 0; i < results.length; i++) {
    await page.selectOption("#result", String(i));
    same((await page.locator("h1").textContent()).slice(0, 5), results[i].name.slice(0, 5), "heading");
  }
}));

check("without scripts the summary is there", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto("file://" + resolve(file));
  holds((await page.locator("#summary").textContent()).trim().length > 20, "the summary");
  await context.close();
});

check("names are text: no element, no dialog, no direction mark", () => on({}, async (page, { messages }) => {
  for (const details of await page.locator("details").all()) await details.evaluate((node) => (node.open = true));
  same(await page.evaluate(() => [document.querySelectorAll("main script, main img, main iframe, main object").length, [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length]), [0, 0], "elements and handlers");
  const shown = await page.evaluate(() => document.getElementById("main").innerText + document.getElementById("about").innerText);
  holds(!/[\u202a-\u202e\u2066-\u2069]/.test(shown), "a mark that turns the direction is shown");
  same(messages, [], "console");
}));

check("rows stay fast", () => on({}, async (page) => {
  const took = await page.evaluate(() => {
    const start = performance.now();
    for (const key of ["hi", "id", "lo", "mean"]) document.querySelector(`.models th[data-key="${key}"] button`).click();
    return (performance.now() - start) / 4;
  });
  holds(took < 200, `sorting takes ${took.toFixed(0)} ms`);
}));

const failed = await runAll();
await browser.close();
process.exit(failed ? 1 : 0);
