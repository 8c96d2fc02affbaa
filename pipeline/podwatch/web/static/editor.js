/* The editor without it is whole: Check asks the same. With it a watch is checked and tried out while it is typed. */
"use strict";

(() => {
  const form = document.querySelector("form[data-editor]");
  const report = document.getElementById("report");
  if (!form || !report) return;

  // The check and the backtest: asked a moment after the last key, and again while a backtest is under way.
  let timer = 0, asking = null, saved = false;
  const sentAt = () => new URLSearchParams(new FormData(form)).toString();
  const begun = sentAt();

  function ask(delay) {
    clearTimeout(timer);
    timer = setTimeout(send, delay);
  }

  async function send() {
    if (asking) asking.abort();
    const mine = asking = new AbortController();
    report.classList.add("stale");
    try {
      const response = await fetch(form.dataset.editor, { method: "POST", body: new FormData(form), signal: mine.signal });
      const text = await response.text();
      if (mine !== asking) return;
      if (response.ok && !response.redirected) show(text);
      else tell("podwatch does not check it now: load the page again if this stays.");
    } catch (e) {
      if (e.name === "AbortError") return;
      tell("podwatch does not answer; what you typed is still here.");
    }
    if (mine !== asking) return;
    asking = null;
    report.classList.remove("stale");
    if (report.querySelector("[data-running]") && document.visibilityState === "visible") ask(700);
  }

  function tell(line) {
    const p = document.createElement("p");
    p.className = "bad";
    p.setAttribute("role", "status");
    p.textContent = line;
    report.replaceChildren(p);
  }

  function show(text) {
    const parsed = new DOMParser().parseFromString(text, "text/html"); // it runs no script
    report.replaceChildren(...parsed.body.childNodes);
    for (const time of report.querySelectorAll("time[datetime]")) localTime(time);
    const first = new Map();
    for (const finding of report.querySelectorAll(".is-error[data-field]")) {
      if (!first.has(finding.dataset.field)) first.set(finding.dataset.field, finding);
    }
    for (const said of form.querySelectorAll(".mistake")) {
      const name = said.id.slice(2), finding = first.get(name);
      said.textContent = finding ? finding.querySelector(".what").textContent : "";
      const field = document.getElementById("f-" + name);
      if (field) finding ? field.setAttribute("aria-invalid", "true") : field.removeAttribute("aria-invalid");
    }
  }

  const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  function localTime(element) {
    const moment = new Date(element.dateTime);
    if (!isNaN(moment)) { element.title = element.textContent; element.textContent = days.format(moment); }
  }

  form.addEventListener("input", () => ask(250));
  form.addEventListener("change", () => ask(50));
  form.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.value === "check") { event.preventDefault(); ask(0); } else saved = true;
  });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && report.querySelector("[data-running]")) ask(0); });
  addEventListener("beforeunload", (event) => { if (!saved && sentAt() !== begun) event.preventDefault(); });
  if (report.querySelector("[data-running]")) ask(500);

  // A mistake leads to its place: the column in the query.
  report.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#f-']");
    if (!link) return;
    const field = document.getElementById(link.getAttribute("href").slice(1));
    if (!field) return;
    event.preventDefault();
    const around = field.closest("details");
    if (around) around.open = true;
    field.focus();
    const column = Number(link.closest("[data-column]").dataset.column);
    if (column && field.setSelectionRange) field.setSelectionRange(column - 1, Math.min(field.value.length, column));
  });

  // Completion: fields, operators and names in the query; names, tags and the like in the other fields.
  const WORDS = [
    ["speaker:", "said by somebody"], ["title:", "in the episode’s title"], ["notes:", "in its show notes"], ["feed:", "in one show"],
    ["lang:", "in a language"], ["entity:", "a recognised name"], ["AND", ""], ["OR", ""], ["NOT", ""], ["NEAR/10", "within ten words"],
    ["WITHIN 60s", "within a minute"], ["SAME SEGMENT", "in one segment"],
  ];
  const OF = { speaker: "speaker", feed: "feed", lang: "lang", entity: "entity" };
  const FIELDS = { "f-entity": ["entity", false], "f-tags": ["tag", true], "f-not_tags": ["tag", true], "f-languages": ["lang", true], "f-not_languages": ["lang", true] };
  const list = document.createElement("ul");
  list.className = "names";
  list.id = "names";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Completions");
  list.hidden = true;
  let chosen = -1, offers = [], at = null, target = null, looking = 0;

  function expand(field, open) {
    if (field.getAttribute("role") === "combobox") field.setAttribute("aria-expanded", String(open));
  }

  function close() {
    list.hidden = true;
    offers = [];
    chosen = -1;
    if (target) { expand(target, false); target.removeAttribute("aria-activedescendant"); }
  }

  function open(field, found, place) {
    if (!found.length || document.activeElement !== field) { close(); return; }
    offers = found;
    at = place;
    target = field;
    chosen = -1;
    list.replaceChildren(...found.map(([value, about], i) => {
      const item = document.createElement("li");
      item.id = "name-" + i;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.textContent = about ? `${value} – ${about}` : value;
      return item;
    }));
    field.parentElement.classList.add("anchor");
    field.after(list);
    list.hidden = false;
    expand(field, true);
  }

  function choose(by) {
    chosen = (chosen + by + offers.length + (chosen < 0 && by < 0 ? 1 : 0)) % offers.length;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === chosen)));
    target.setAttribute("aria-activedescendant", "name-" + chosen);
  }

  function take(i) {
    const [value] = offers[i];
    const behind = target.value.slice(at.end);
    target.setRangeText(at.put(value) + (behind.startsWith(" ") || value.endsWith(":") ? "" : at.gap), at.start, at.end, "end");
    close();
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }

  const quote = (name) => (/^[\p{L}\p{N}]+$/u.test(name) ? name : `"${name.replaceAll('"', "")}"`);

  // What stands before the caret in the query: a field with the beginning of its value, or the beginning of a word.
  function placeInQuery(field) {
    const end = field.selectionStart, before = field.value.slice(0, end);
    const named = /(speaker|feed|lang|entity):("?)([^"()]*)$/i.exec(before);
    if (named && (named[2] || !/\s/.test(named[3]))) {
      return { of: OF[named[1].toLowerCase()], text: named[3], start: end - named[2].length - named[3].length, end, put: quote, gap: " " };
    }
    if ((before.split('"').length - 1) % 2) return null; // inside a phrase
    const word = /(^|[\s(])([\p{L}]{2,})$/u.exec(before);
    return word && { words: word[2], start: end - word[2].length, end, put: (v) => v, gap: " " };
  }

  function placeInField(field, of, many) {
    const end = field.selectionStart, before = field.value.slice(0, end);
    const text = many ? before.slice(before.lastIndexOf(",") + 1).trimStart() : before;
    return text ? { of, text, start: end - text.length, end, put: (v) => v, gap: "" } : null;
  }

  async function complete(field) {
    const mine = ++looking;
    const own = FIELDS[field.id];
    const place = field.id === "f-query" ? placeInQuery(field) : own && placeInField(field, ...own);
    if (!place) { close(); return; }
    if (place.words) {
      const folded = place.words.toLowerCase();
      open(field, WORDS.filter(([w]) => w.toLowerCase().startsWith(folded) && w !== place.words), place);
      return;
    }
    try {
      const response = await fetch(`${form.dataset.names}?${new URLSearchParams({ of: place.of, q: place.text })}`);
      const names = response.ok ? await response.json() : [];
      if (mine === looking) open(field, names.filter((n) => n !== place.text).map((n) => [n, ""]), place);
    } catch { close(); }
  }

  for (const id of ["f-query", ...Object.keys(FIELDS)]) {
    const field = document.getElementById(id);
    if (!field) continue;
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", "names");
    if (field.tagName === "INPUT") { // a field of several lines cannot be a combobox
      field.setAttribute("role", "combobox");
      field.setAttribute("aria-expanded", "false");
    }
    field.addEventListener("input", () => complete(field));
    field.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== target) close(); }, 150));
    field.addEventListener("keydown", (event) => {
      if (list.hidden || target !== field) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); choose(event.key === "ArrowDown" ? 1 : -1); }
      else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) { event.preventDefault(); take(chosen); }
      else if (event.key === "Escape") { event.preventDefault(); close(); }
    });
  }
  list.addEventListener("mousedown", (event) => {
    const item = event.target.closest("li");
    if (!item) return;
    event.preventDefault();
    take([...list.children].indexOf(item));
  });
  form.append(list);
})();
