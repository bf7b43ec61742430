// SPDX-License-Identifier: Apache-2.0 OR MIT
// Optional filter of the page. The address stores it after the anchor: #ANCHOR&f=WORDS&d=1.

"use strict";
(() => {
  const form = document.querySelector("form.filter");
  const words = document.getElementById("filter");
  const only = document.getElementById("only");
  const count = document.getElementById("count");
  const clauses = [...document.querySelectorAll("details.clause")];
  const bodies = [...document.querySelectorAll("tbody.group")];
  const notes = [...document.querySelectorAll("details.notes")];
  const collect = (name, selector) => ({
    name,
    all: [...document.querySelectorAll(selector)].map((element) => {
      const around = element.closest("details.clause")?.querySelector("summary") ?? element.closest("tbody.group")?.querySelector("tr.group");
      const marks = [...element.querySelectorAll("[aria-label]")].map((mark) => mark.getAttribute("aria-label")).join(" ");
      return { element, text: `${element.textContent} ${marks} ${around?.textContent ?? ""}`.toLowerCase() };
    }),
  });
  const kinds = [collect("findings", ".finding"), collect("registers", "tr.register"), collect("cases", "tr.case"), collect("dependencies", "tr.edge")];
  let opened = null;

  const wanted = () => words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const isActive = () => wanted().length > 0 || Boolean(only?.checked);
  const shows = (text, list) => list.every((word) => text.includes(word));
  const apply = () => {
    const list = wanted();
    const told = [];
    for (const { name, all } of kinds) {
      let shown = 0;
      for (const { element, text } of all) {
        element.hidden = !shows(text, list) || Boolean(only?.checked && !element.classList.contains("differing"));
        shown += element.hidden ? 0 : 1;
      }
      if (all.length > 0) {
        told.push(`${shown} of ${all.length} ${name}`);
      }
    }
    for (const body of bodies) {
      body.hidden = isActive() && !body.querySelector("tr.register:not([hidden])");
    }
    if (isActive() && !opened) {
      opened = new Map([...clauses, ...notes].map((details) => [details, details.open]));
    }
    for (const details of clauses) {
      const holds = Boolean(details.querySelector("tr.case:not([hidden])"));
      const named = !only?.checked && shows(details.querySelector("summary").textContent.toLowerCase(), list);
      details.hidden = isActive() && !holds && !named;
      if (isActive()) {
        details.open = holds && !details.hidden;
      }
    }
    for (const details of notes) {
      details.hidden = isActive() && !details.querySelector(".finding:not([hidden])");
      if (isActive()) {
        details.open = !details.hidden;
      }
    }
    if (!isActive() && opened) {
      opened.forEach((open, details) => { details.open = open; });
      opened = null;
    }
    count.textContent = isActive() ? told.join(", ") : "";
  };

  const parts = () => location.hash.slice(1).split("&");
  const anchor = () => parts().find((part) => !part.includes("=")) ?? "";
  const value = (name) => parts().find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
  const keep = () => {
    const kept = [anchor(), words.value && `f=${encodeURIComponent(words.value)}`, only?.checked && "d=1"].filter(Boolean);
    history.replaceState(null, "", kept.length > 0 ? `#${kept.join("&")}` : location.href.split("#")[0]);
  };
  const clear = () => {
    words.value = "";
    if (only) {
      only.checked = false;
    }
    apply();
  };
  const reveal = (name) => {
    const target = name && document.getElementById(name);
    if (!target) {
      return null;
    }
    if (target.closest("[hidden]")) {
      clear();
    }
    for (let element = target; element; element = element.parentElement) {
      if (element.localName === "details") {
        element.open = true;
      }
    }
    return target;
  };
  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const arrive = () => {
    if (value("f") !== undefined || value("d") !== undefined) {
      words.value = decoded(value("f") ?? "");
      if (only) {
        only.checked = value("d") === "1";
      }
      apply();
    }
    reveal(anchor())?.scrollIntoView();
    keep();
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  words.addEventListener("input", () => { apply(); keep(); });
  only?.addEventListener("change", () => { apply(); keep(); });
  words.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      clear();
      keep();
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      words.focus();
      words.select();
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null;
    if (link) {
      reveal(link.getAttribute("href").slice(1));
    }
  });
  addEventListener("hashchange", arrive);
  if (location.hash) {
    arrive();
  }
})();
