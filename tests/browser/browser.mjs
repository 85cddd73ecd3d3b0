// One headless Chromium for all tests, and what every page is watched for.
//
// The page is opened from a file. Every request that is not that file, and every message of the console, is kept: the
// tests then say that there was none. `watch` is itself tested on a page that does both (negative.mjs).

import { chromium } from "playwright-core";
import { pathToFileURL } from "node:url";
import { readFile } from "node:fs/promises";

/** Widths of screenshots, and all widths that must not scroll sideways: the break points of the style lie between them. */
export const SIZES = [360, 768, 1440];
export const WIDTHS = [320, 360, 480, 600, 700, 720, 768, 820, 900, 980, 1080, 1100, 1152, 1280, 1440, 1920];
const ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });

/** Opens a page: `{page, messages, requests, close}`. */
export async function open(browser, file, { width = 1440, scheme = "light", hash = "", height = 900 } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, acceptDownloads: true });
  const page = await context.newPage();
  const [messages, requests] = [[], []];
  const address = file.startsWith("data:") ? file : pathToFileURL(file).href;
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && messages.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => messages.push(`exception: ${error.message}`));
  page.on("dialog", async (dialog) => {
    messages.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = request.url().split("#")[0];
    if (url !== address.split("#")[0] && url !== "data:," && !url.startsWith("blob:")) requests.push(url.slice(0, 200));
  });
  await page.goto(address + hash);
  await page.waitForTimeout(150);
  return { page, messages, requests, close: () => context.close() };
}

/** The data that the page was made from. */
export const dataOf = (page) => page.evaluate(() => JSON.parse(document.getElementById("data").textContent));

/** Chromium takes at most ten downloads a second from one page. */
const DOWNLOADS_APART = 120;

/** What a click makes the browser save: `{name, text}`. */
export async function downloadOf(page, click) {
  await page.waitForTimeout(DOWNLOADS_APART);
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: 10_000 }), click()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

/** Rows of a CSV text, by RFC 4180. */
export function parseCsv(text) {
  const rows = [[]];
  let [field, quoted] = ["", false];
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') field += text[++i];
      else if (c === '"') quoted = false;
      else field += c;
    } else if (c === '"') quoted = true;
    else if (c === "," || c === "\n") {
      rows.at(-1).push(field);
      field = "";
      if (c === "\n") rows.push([]);
    } else field += c;
  }
  rows.pop();
  return rows;
}

/** How far the page is wider than its window, and the elements that stick out. */
export const sideways = (page) => page.evaluate(() => {
  const width = document.documentElement.clientWidth;
  const over = document.documentElement.scrollWidth - width;
  const out = over > 0 ? [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1).slice(0, 5).map((e) => e.tagName + "." + e.className) : [];
  return { over, out };
});

/** Serious and critical findings of axe-core. */
export async function accessibility(page) {
  const source = await readFile(new URL("./node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
  // The page's policy forbids added scripts, and the test may not weaken it: the debugger may evaluate, a page may not.
  await page.evaluate(source);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.length} × ${v.nodes[0].html.slice(0, 160)}`);
}
