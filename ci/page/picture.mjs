// SPDX-License-Identifier: Apache-2.0 OR MIT
// picture.mjs PAGE PNG: the top of a page, 1200 pixels wide. CHROMIUM is the browser, MODULES where package.json is installed.
import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { CHROMIUM, MODULES } = process.env;
const { chromium } = createRequire(join(MODULES, "package.json"))("playwright-core");
const [page, png] = process.argv.slice(2);
const SIZE = { width: 1200, height: 1060 };
const LARGEST = 200_000;

const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ["--no-sandbox", "--disable-gpu"] });
const tab = await browser.newPage({ viewport: SIZE, colorScheme: "light" });
await tab.goto(pathToFileURL(resolve(page)).href);
await tab.screenshot({ path: png });
await browser.close();

const { size } = await stat(png);
console.log(`${png}: ${SIZE.width}x${SIZE.height}, ${size} bytes`);
if (size > LARGEST) {
  console.error(`more than ${LARGEST} bytes`);
  process.exit(1);
}
