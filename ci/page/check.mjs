// SPDX-License-Identifier: Apache-2.0 OR MIT
// check.mjs PAGE...: tests pages in a browser. Environment: CHROMIUM (the program), PROFILE (an empty directory), MODULES (where
// package.json is installed), SHOTS (directory for screenshots, or empty).
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { CHROMIUM, MODULES, PROFILE, SHOTS } = process.env;
const require = createRequire(join(MODULES, "package.json"));
const { chromium } = require("playwright-core");
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

// Bytes: the page of one full run; of two runs that have nothing in common.
const LARGEST = { 1: 500_000, 2: 750_000 };
const SWITCHES = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

const browser = await chromium.launchPersistentContext(PROFILE, {
  executablePath: CHROMIUM, headless: true, args: SWITCHES, viewport: { width: 1280, height: 900 },
});
let complaints = 0;

/** Opens a page and calls `look`; the page must neither log to the console nor fetch anything. */
const open = async (what, file, fragment, look) => {
  const page = await browser.newPage();
  const told = [];
  page.on("console", (message) => told.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => told.push(`error: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(pathToFileURL(file).href)) {
      told.push(`request: ${request.url()}`);
    }
  });
  try {
    await page.goto(pathToFileURL(file).href + fragment);
    await look(page);
    assert.deepEqual(told, []);
  } catch (error) {
    complaints += 1;
    console.error(`${basename(file)}, ${what}: ${error.message}`);
  } finally {
    await page.close();
  }
};

const shoot = async (page, file, name, whole) => {
  if (SHOTS) {
    await page.screenshot({ path: join(SHOTS, `${basename(file, ".html")}-${name}.png`), fullPage: whole });
  }
};

const accessible = async (page) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
  const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(" ")}`), []);
};

const shown = (page, selector) => page.locator(selector).filter({ visible: true }).count();

for (const path of process.argv.slice(2)) {
  const file = resolve(path);
  const two = basename(file).includes("-v5") || ["v5-reference.html", "same.html"].includes(basename(file));
  for (const colorScheme of ["light", "dark"]) {
    await open(colorScheme, file, "", async (page) => {
      await page.emulateMedia({ colorScheme });
      // axe does not check closed elements.
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
      await accessible(page);
    });
    if (!SHOTS) {
      continue;
    }
    await open(`${colorScheme}, screenshot`, file, "", async (page) => {
      await page.emulateMedia({ colorScheme });
      await shoot(page, file, colorScheme, false);
      await page.evaluate(() => document.getElementById("registers").scrollIntoView());
      await shoot(page, file, `${colorScheme}-registers`, false);
      await page.evaluate(() => document.getElementById("clauses").scrollIntoView());
      await shoot(page, file, `${colorScheme}-clauses`, false);
      await page.evaluate(() => document.getElementById("order").scrollIntoView());
      await shoot(page, file, `${colorScheme}-order`, false);
    });
  }

  await open("size", file, "", async () => {
    const { size } = await stat(file);
    assert.ok(size < LARGEST[two ? 2 : 1], `${size} bytes`);
  });

  await open("keyboard", file, "", async (page) => {
    const cases = await page.locator("tr.case").count();
    let steps = 0;
    do {
      await page.keyboard.press("Tab");
      steps += 1;
    } while (steps < 40 && (await page.evaluate(() => document.activeElement.id)) !== "filter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "filter", "Tab does not lead to the filter");
    await page.keyboard.type("efault array");
    const count = await page.locator("#count").textContent();
    assert.match(count, /\d+ of \d+ cases/);
    const left = await shown(page, "tr.case");
    assert.ok(left > 0 && (cases < 10 || left < cases), `${left} of ${cases} cases`);
    assert.ok(page.url().endsWith("#f=efault%20array"), page.url());
    await shoot(page, file, "filtered", false);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#filter").inputValue(), "");
    assert.equal(await page.locator("tr.case[hidden], tr.register[hidden], details.clause[hidden]").count(), 0);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "filter", "/ does not lead to the filter");
    assert.equal(await page.locator("#filter").inputValue(), "");
  });

  // The last case of a closed clause, if there is one.
  let closed;
  await open("anchors", file, "", async (page) => {
    const ids = await page.evaluate(() => [...document.querySelectorAll("details.clause:not([open]) tr.case")].map((row) => row.id));
    closed = ids.at(-1);
    if (closed) {
      await page.evaluate((id) => {
        const link = document.createElement("a");
        link.href = `#${id}`;
        link.textContent = "there";
        document.querySelector("header").append(link);
      }, closed);
      await page.getByRole("link", { name: "there" }).click();
      await page.waitForFunction((id) => document.getElementById(id).getBoundingClientRect().height > 0, closed);
    }
  });
  if (closed) {
    await open("arrival", file, `#${closed}`, async (page) => {
      assert.ok(await page.locator(`[id="${closed}"]`).isVisible());
    });
    await open("arrival past the filter", file, `#${closed}&f=nothing-is-called-so`, async (page) => {
      assert.ok(await page.locator(`[id="${closed}"]`).isVisible());
    });
  }
  await open("arrival with words", file, "#f=list.contents", async (page) => {
    assert.equal(await page.locator("#filter").inputValue(), "list.contents");
    assert.match(await page.locator("#count").textContent(), /of/);
  });

  if (two) {
    await open("differences only", file, "#d=1", async (page) => {
      assert.ok(await page.locator("#only").isChecked());
      assert.equal(await shown(page, "tr.case:not(.differing), tr.register:not(.differing)"), 0);
      await shoot(page, file, "differences", false);
    });
  }

  for (const width of [360, 800]) {
    await open(`${width} pixels wide`, file, "", async (page) => {
      await page.setViewportSize({ width, height: 800 });
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `the page is ${wide} pixels wide`);
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = details.classList.contains("clause") && Boolean(details.querySelector(".wrong")); }));
      await shoot(page, file, `${width}`, true);
    });
  }

  await open("print", file, "", async (page) => {
    const options = SHOTS ? { path: join(SHOTS, `${basename(file, ".html")}.pdf`) } : {};
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true, ...options });
    assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
  });
}
await browser.close();

// Without JavaScript, everything except the filter must work.
const plain = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: SWITCHES });
const context = await plain.newContext({ javaScriptEnabled: false });
for (const path of process.argv.slice(2)) {
  const page = await context.newPage();
  await page.goto(pathToFileURL(resolve(path)).href);
  const filter = await page.locator("form.filter").isVisible();
  await page.locator("details.clause:not([open]) > summary").first().click({ timeout: 5000 }).catch(() => {});
  const open = await page.locator("details.clause[open]").count();
  if (filter || open === 0) {
    complaints += 1;
    console.error(`${basename(path)}, without JavaScript: ${filter ? "the filter shows" : "a clause does not open"}`);
  }
  await page.close();
}
await plain.close();

console.log(`${process.argv.length - 2} pages, ${complaints} complaints`);
process.exit(complaints > 0 ? 1 : 0);
