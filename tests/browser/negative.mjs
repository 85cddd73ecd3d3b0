// Negative controls: a page with one fault each, which the watch of browser.mjs must notice. node negative.mjs

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessibility, launch, open, parseCsv, sideways } from "./browser.mjs";
import { check, holds, runAll, same } from "./check.mjs";

const browser = await launch();
const folder = await mkdtemp(join(tmpdir(), "report-negative-"));

async function faulty(body, use) {
  const file = join(folder, `${Math.random()}.html`);
  await writeFile(file, `<!DOCTYPE html><html lang="en"><head><title>Faulty</title><link rel="icon" href="data:,"></head><body><main>${body}</main></body></html>`);
  const opened = await open(browser, file, { width: 360 });
  try {
    await use(opened);
  } finally {
    await opened.close();
  }
}

check("an error, a warning and an exception are noticed", () => faulty("<script>console.error(1); console.warn(2); throw new Error('3')</script>", ({ messages }) => same(messages.length, 3, "messages")));
check("a dialog is noticed", () => faulty("<script>setTimeout(() => alert(1))</script>", ({ messages }) => same(messages, ["dialog: 1"])));
check("a request is noticed", () => faulty('<img alt="" src="http://127.0.0.1:9/x.png"><img alt="" src="other.png">', ({ requests }) => same(requests.length, 2, "requests")));
check("low contrast and a missing label are noticed", () => faulty('<p style="color:#aaa;background:#fff">pale</p><input>', async ({ page }) => same((await accessibility(page)).length, 2, "findings")));
check("sideways scrolling is noticed", () => faulty('<p style="width:500px">wide</p>', async ({ page }) => holds((await sideways(page)).over > 0, "nothing noticed")));
check("a page without a fault passes", () => faulty("<h1>Plain</h1>", async ({ page, messages, requests }) => same([messages, requests, await accessibility(page), (await sideways(page)).over], [[], [], [], 0])));
check("quoted fields are read back", () => same(parseCsv('a,"b ""c"", d"\n,1\n'), [["a", 'b "c", d'], ["", "1"]]));

const failed = await runAll();
await browser.close();
await rm(folder, { recursive: true });
process.exit(failed ? 1 : 0);
