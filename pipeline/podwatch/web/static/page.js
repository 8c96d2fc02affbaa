/* The page without it is whole; with it times are in the reader's zone, forms answer in place, and the words are heard. */
"use strict";

(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Times: UTC as the server wrote them, in the reader's zone and language.
  const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  for (const element of all("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (isNaN(moment)) continue;
    element.title = element.textContent;
    element.textContent = (element.classList.contains("day") ? days : moments).format(moment);
  }

  // Filters show what was chosen at once; empty ones stay out of the address.
  for (const form of all("form[data-filters]")) {
    form.addEventListener("submit", () => {
      for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
    });
    for (const field of all("select, input[type=date]", form)) field.addEventListener("change", () => form.requestSubmit());
  }

  // On a phone the filter is folded away until it is wanted.
  if (matchMedia("(max-width: 40rem)").matches && !location.search) {
    for (const details of all("details.filters")) details.open = false;
  }

  // Answers are given without leaving the place in the list.
  for (const form of all("form[data-answers]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = new FormData(form, event.submitter);
      const status = document.createElement("span");
      status.className = "said";
      status.setAttribute("role", "status");
      try {
        const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
        const said = await response.json();
        status.textContent = response.ok ? said.said : said.detail;
        if (response.ok && event.submitter) event.submitter.setAttribute("aria-pressed", "true");
      } catch {
        status.textContent = "podwatch does not answer; nothing was noted. Try again.";
      }
      for (const old of all(".said[role]", form)) old.remove();
      form.append(status);
    });
  }

  // The transcript.
  const transcript = document.querySelector(".transcript");
  if (!transcript) return;
  const audio = document.getElementById("audio");
  const marks = all("mark[id]", transcript);
  const segments = all("[data-s]", transcript).map((element) => ({ element, start: Number(element.dataset.s) }));
  let words = null; // for each segment of the transcript the seconds of its words

  for (const button of all("[data-step]")) {
    button.hidden = false;
    button.addEventListener("click", () => step(Number(button.dataset.step)));
  }
  let place = -1;
  function step(by) {
    if (!marks.length) return;
    place = (place + by + marks.length) % marks.length;
    for (const mark of marks) mark.classList.toggle("step", mark === marks[place]);
    marks[place].scrollIntoView({ block: "center" });
  }
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea, button, audio") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") step(1);
    if (event.key === "k") step(-1);
    if (event.key === " " && audio) {
      event.preventDefault();
      audio.paused ? audio.play() : audio.pause();
    }
  });

  if (!audio) return;
  const note = document.getElementById("player-note");
  audio.addEventListener("error", () => { note.hidden = false; });
  audio.addEventListener("playing", () => { note.hidden = true; });
  if (segments.length) transcript.classList.add("can-jump");

  function listen(second) {
    const begin = () => { audio.currentTime = second; };
    if (audio.readyState >= 1) begin(); else audio.addEventListener("loadedmetadata", begin, { once: true });
    if (audio.readyState < 1) { audio.preload = "metadata"; }
    audio.play().catch(() => {});
  }

  const numbers = (element) => words && words[Number(element.id.slice(1))];

  // When the word at a place in a segment is said: its own time, or one between its neighbours'.
  function secondAt(index, offset) {
    const { element, start } = segments[index];
    const text = element.textContent;
    const own = numbers(element);
    if (own && own.length) return own[Math.min(own.length - 1, text.slice(0, offset).split(" ").length - 1)];
    const following = segments[index + 1];
    const end = following ? following.start : start + text.length / 15;
    return start + (text.length ? (end - start) * offset / text.length : 0);
  }

  function offsetWithin(element, node, offset) {
    const range = document.createRange();
    range.selectNodeContents(element);
    range.setEnd(node, offset);
    return range.toString().length;
  }

  document.addEventListener("click", (event) => {
    const jump = event.target.closest("[data-jump]");
    if (jump) { listen(Number(jump.dataset.jump)); return; }
    const element = event.target.closest("[data-s]");
    if (!element || !transcript.contains(element) || String(getSelection())) return;
    const caret = document.caretPositionFromPoint ? document.caretPositionFromPoint(event.clientX, event.clientY) : null;
    const index = segments.findIndex((s) => s.element === element);
    const offset = caret && element.contains(caret.offsetNode) ? offsetWithin(element, caret.offsetNode, caret.offset) : 0;
    listen(secondAt(index, offset));
  });

  // The words are followed: their segment has a background, the word itself a line where the browser can draw one.
  audio.addEventListener("play", async () => {
    if (words || !audio.dataset.words) return;
    words = [];
    try {
      const response = await fetch(audio.dataset.words);
      if (response.ok) words = (await response.json()).segments;
    } catch { /* the segments are followed all the same */ }
  }, { once: true });

  let current = -1;
  function follow() {
    const now = audio.currentTime;
    let low = 0, high = segments.length - 1, found = -1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (segments[middle].start <= now + 0.05) { found = middle; low = middle + 1; } else high = middle - 1;
    }
    if (found !== current) {
      if (segments[current]) segments[current].element.classList.remove("now");
      current = found;
      if (segments[found]) {
        const element = segments[found].element;
        element.classList.add("now");
        const box = element.getBoundingClientRect();
        if (!audio.paused && (box.top < 120 || box.bottom > innerHeight - 40)) element.scrollIntoView({ block: "center" });
      }
    }
    if (segments[found]) underline(segments[found].element, now);
    if (!audio.paused) requestAnimationFrame(follow);
  }

  function underline(element, now) {
    const own = numbers(element);
    if (!own || !own.length || !("highlights" in CSS)) return;
    let word = own.findIndex((second) => second > now + 0.05) - 1;
    if (word === -2) word = own.length - 1;
    const before = element.textContent.split(" ");
    if (word < 0 || word >= before.length) return;
    const start = before.slice(0, word).join(" ").length + (word ? 1 : 0);
    const range = rangeOf(element, start, start + before[word].length);
    if (range) CSS.highlights.set("word", new Highlight(range));
  }

  function rangeOf(element, start, end) {
    const range = document.createRange();
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    let seen = 0, begun = false;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const after = seen + node.length;
      if (!begun && start < after) { range.setStart(node, start - seen); begun = true; }
      if (begun && end <= after) { range.setEnd(node, end - seen); return range; }
      seen = after;
    }
    return null;
  }

  audio.addEventListener("play", () => requestAnimationFrame(follow));
  audio.addEventListener("seeked", follow);

  // An address with a second (?t=754) is ready to be heard from there.
  const asked = Number(new URLSearchParams(location.search).get("t"));
  if (asked > 0) {
    audio.preload = "metadata";
    audio.addEventListener("loadedmetadata", () => { audio.currentTime = asked; }, { once: true });
  }
})();
