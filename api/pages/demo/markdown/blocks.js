/** Markdown as DOM nodes: the blocks a lesson is made of. What is not understood stays as the text it is. */
import { element } from "../dom.js";
import { inlines } from "./inlines.js";

const DEEPEST = 6; // Quotes in lists in quotes: deeper nesting is shown as text.
const ITEM = /^( *)([-*+]|\d{1,9}[.)])( +|$)(.*)$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])( *\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const TABLE_RULE = /^ *\|? *:?-+:? *(\| *:?-+:? *)*\|? *$/;

/** The blocks of `text`; its highest headings become `<h{top}>`. */
export function blocks(text, { top = 2, depth = 0 } = {}) {
  const lines = text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n");
  const made = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) {
      at += 1;
      continue;
    }
    const read = BLOCKS.map((block) => block(lines, at, { top, depth })).find(Boolean);
    made.push(read.node);
    at = read.next;
  }
  return made;
}

const BLOCKS = [code, heading, rule, quote, list, table, paragraph];

function code(lines, at) {
  const found = FENCE.exec(lines[at]);
  if (!found) return null;
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(found[1])) end += 1;
  // tabindex: a long line scrolls, and the keyboard must be able to scroll it.
  const text = element("code", {}, lines.slice(at + 1, end).join("\n"));
  return { node: element("pre", { tabindex: 0, "data-language": found[2] || null }, text), next: end + 1 };
}

function heading(lines, at, { top }) {
  const found = HEADING.exec(lines[at]);
  if (!found) return null;
  const level = Math.min(6, Math.max(top, top + found[1].length - 2));
  return { node: element(`h${level}`, {}, ...inlines(found[2])), next: at + 1 };
}

function rule(lines, at) {
  return RULE.test(lines[at]) ? { node: element("hr"), next: at + 1 } : null;
}

function quote(lines, at, { top, depth }) {
  if (!QUOTE.test(lines[at]) || depth >= DEEPEST) return null;
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return { node: element("blockquote", {}, ...blocks(inner.join("\n"), { top, depth: depth + 1 })), next: end };
}

function list(lines, at, { top, depth }) {
  const first = ITEM.exec(lines[at]);
  if (!first || depth >= DEEPEST) return null;
  const isOrdered = /\d/.test(first[2]);
  const items = [];
  let next = at;
  for (let found = first; found; found = next < lines.length ? ITEM.exec(lines[next]) : null) {
    if (found[1].length > first[1].length + 1 || /\d/.test(found[2]) !== isOrdered) break;
    const inner = [found[4]];
    const indent = found[1].length + found[2].length + 1;
    next += 1;
    while (next < lines.length && belongs(lines, next, indent)) {
      inner.push(lines[next].slice(Math.min(indent, lines[next].search(/\S|$/))));
      next += 1;
    }
    items.push(item(inner.join("\n"), { top, depth: depth + 1 }));
  }
  const start = isOrdered && parseInt(first[2], 10) !== 1 ? parseInt(first[2], 10) : null;
  return { node: element(isOrdered ? "ol" : "ul", { start }, ...items), next };
}

/** Whether a line goes on an item: indented under it, plain text right below it, or empty before more of it. */
function belongs(lines, at, indent) {
  const line = lines[at];
  const depth = line.search(/\S/);
  if (depth < 0) return lines[at + 1]?.search(/\S/) >= indent;
  if (depth >= Math.min(indent, 2)) return true;
  return Boolean(lines[at - 1].trim()) && !ITEM.test(line) && !interrupts(lines, at);
}

/** An item of one paragraph is that paragraph's text, without the paragraph. */
function item(text, options) {
  const made = blocks(text, options);
  const [only] = made;
  const isTight = only?.localName === "p" && !/\n\s*\n/.test(text);
  return element("li", {}, ...(isTight ? [...only.childNodes, ...made.slice(1)] : made));
}

function table(lines, at) {
  if (!lines[at].includes("|") || !TABLE_RULE.test(lines[at + 1] ?? "") || !lines[at + 1].includes("-")) return null;
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const row = (line, cell) => element("tr", {}, ...cells(line).map((text) => element(cell, {}, ...inlines(text))));
  const head = element("thead", {}, row(lines[at], "th"));
  const body = element("tbody", {}, ...lines.slice(at + 2, end).map((line) => row(line, "td")));
  return { node: element("div", { class: "table", tabindex: 0 }, element("table", {}, head, body)), next: end };
}

function cells(line) {
  return line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
}

function paragraph(lines, at) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !interrupts(lines, end)) end += 1;
  const text = lines.slice(at, end).map((line) => line.trimStart()).join("\n");
  return { node: element("p", {}, ...inlines(text)), next: end };
}

function interrupts(lines, at) {
  return [FENCE, HEADING, RULE, QUOTE].some((start) => start.test(lines[at])) || /^ *([-*+]|1[.)]) +\S/.test(lines[at]);
}
