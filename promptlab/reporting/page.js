"use strict";
// Whatever a model, a server or a data set wrote becomes a text node and nothing else: no markup is made of strings.

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// -- tables that are sorted by a click or a key on a heading ---------------------------------------------------------

function sortBy(heading) {
  const body = heading.closest("table").tBodies[0];
  const direction = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  const value = (row) => {
    const cell = row.cells[heading.cellIndex];
    return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
  };
  const sign = direction === "ascending" ? 1 : -1;
  const order = (a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === "" || y === "") return (x === "") - (y === ""); // where nothing stands is last either way
    if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
    return sign * (typeof x === "number" ? x - y : x.localeCompare(y, "en", { numeric: true }));
  };
  for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", direction);
  body.append(...[...body.rows].sort(order));
}

for (const button of document.querySelectorAll("table.sortable th button")) {
  button.addEventListener("click", () => sortBy(button.closest("th")));
}

// -- samples ---------------------------------------------------------------------------------------------------------

const data = JSON.parse(document.getElementById("data").textContent);
const AT_A_TIME = 50;
const FILTERS = ["run", "model", "condition", "ending", "grade"];
const filter = (name) => document.getElementById(`by-${name}`);
let start = 0;

function text(title, content) {
  return [element("h4", {}, title), element("pre", { dir: "auto", tabindex: 0, "aria-label": title }, content)];
}

function folded(title, ...inner) {
  return element("details", {}, element("summary", {}, title), ...inner);
}

function whole(sample) {
  const question = data.questions[sample.question];
  const turns = data.prompts[sample.prompt].flatMap(([role, content]) => text(role, content));
  const [sent, written] = sample.tokens.map((n) => (n === null ? "?" : n.toLocaleString("en")));
  const facts = [
    ["gold", question.gold],
    ["answer", sample.answer ?? "none"],
    ["grade", sample.score === null ? sample.grade : `${sample.grade} (score ${sample.score})`],
    ["why", sample.why],
    ["ending", sample.ending],
    ["error", sample.error],
    ["run", sample.run],
    ["tokens", `${sent} prompt + ${written} completion`],
    ["key", sample.key],
  ].filter(([, value]) => value !== "");
  return [
    ...text("question", question.text),
    element("dl", {}, ...facts.flatMap(([term, value]) => [element("dt", {}, term), element("dd", { dir: "auto" }, value)])),
    folded("prompt as sent", ...turns),
    ...(sample.reasoning ? [folded("reasoning", ...text("reasoning", sample.reasoning))] : []),
    ...text("answer text", sample.text),
  ];
}

function line(sample) {
  const question = data.questions[sample.question];
  const words = [sample.model, sample.condition, question.id, `sample ${sample.sample}`];
  const mark = element("span", { class: "mark", "data-word": sample.grade }, sample.grade);
  const ending = sample.ending === "complete" || sample.ending === sample.grade ? [] : [` ${sample.ending}`];
  const answer = sample.answer === null ? [] : [" answer ", element("bdi", { class: "answer" }, sample.answer)];
  return element("summary", {}, mark, ...words.flatMap((word) => [" ", element("bdi", {}, word)]), ...ending, ...answer);
}

function shown(sample) {
  const details = element("details", { class: "sample" }, line(sample));
  details.addEventListener("toggle", () => details.append(...whole(sample)), { once: true });
  return details;
}

function matching() {
  const wanted = FILTERS.map((name) => [name, filter(name).value]).filter(([, value]) => value !== "");
  const words = filter("text").value.toLowerCase();
  const has = (sample) =>
    [sample.text, sample.reasoning, data.questions[sample.question].id, data.questions[sample.question].text].some((part) =>
      part.toLowerCase().includes(words),
    );
  return data.samples.filter((s) => wanted.every(([name, value]) => s[name] === value) && (words === "" || has(s)));
}

function show() {
  const found = matching();
  start = Math.max(0, Math.min(start, found.length - 1));
  start -= start % AT_A_TIME;
  const end = Math.min(start + AT_A_TIME, found.length);
  const place = found.length ? `${start + 1} to ${end} of ` : "";
  document.getElementById("count").textContent = `${place}${found.length} of ${data.samples.length} samples`;
  document.getElementById("samples").replaceChildren(...found.slice(start, end).map(shown));
  document.getElementById("before").disabled = start === 0;
  document.getElementById("after").disabled = end >= found.length;
}

function move(by) {
  start += by;
  show();
}

function begin() {
  start = 0;
  show();
}

for (const name of FILTERS) {
  const values = [...new Set(data.samples.map((sample) => sample[name]))];
  const options = values.map((value) => element("option", { value }, value));
  filter(name).append(element("option", { value: "" }, "all"), ...options);
  filter(name).closest("label").hidden = values.length < 2;
  filter(name).addEventListener("change", begin);
}
filter("text").addEventListener("input", begin);
document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
document.getElementById("before").addEventListener("click", () => move(-AT_A_TIME));
document.getElementById("after").addEventListener("click", () => move(AT_A_TIME));
show();
