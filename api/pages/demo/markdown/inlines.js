/** Markdown as DOM nodes: what stands within a line. Links lead to https only, and tell the other side nothing. */
import { element } from "../dom.js";

const DEEPEST = 5;
const ESCAPE = /\\([!-/:-@[-`{-~])/y;
const CODE = /(`+)(?!`)/y;
const LINK = /\[([^\][]*)\]\(\s*<?([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:\s+"[^"]*")?\s*\)/y;
const ADDRESS = /<(https:\/\/[^\s<>]+)>/y;
const BREAK = /(?: {2,}|\\)\n/y;
const EMPHASIS = /(\*\*|__|~~|\*|_)(?=\S)/y;
const WRAPS = { "**": "strong", __: "strong", "*": "em", _: "em", "~~": "del" };

/** The nodes of one run of text. */
export function inlines(text, depth = 0) {
  const nodes = [];
  const unclosed = new Set(); // A mark without its end has none further on either: it is not looked for again.
  let plain = "";
  let at = 0;
  const take = (pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const add = (node, end) => {
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(node);
    at = end;
  };
  while (at < text.length) {
    let found;
    if ((found = take(ESCAPE))) {
      plain += found[1];
      at += 2;
    } else if ((found = take(BREAK))) {
      add(element("br"), at + found[0].length);
    } else if ((found = take(CODE)) && !unclosed.has(found[1])) {
      const end = closing(text, found[1], at + found[1].length, "`");
      if (end < 0) unclosed.add(found[1]);
      else add(element("code", {}, text.slice(at + found[1].length, end).trim()), end + found[1].length);
    } else if ((found = take(LINK))) {
      add(link(found[1], found[2], depth), at + found[0].length);
    } else if ((found = take(ADDRESS))) {
      add(link(found[1], found[1], DEEPEST), at + found[0].length);
    } else if ((found = take(EMPHASIS)) && depth < DEEPEST && !unclosed.has(found[1]) && opens(text, at, found[1])) {
      const [mark] = found;
      const end = emphasisEnd(text, mark, at + mark.length);
      if (end < 0) unclosed.add(mark);
      else add(element(WRAPS[mark], {}, ...inlines(text.slice(at + mark.length, end), depth + 1)), end + mark.length);
    } else {
      plain += text[at];
      at += 1;
    }
  }
  if (plain) nodes.push(plain);
  return nodes;
}

/** A link, or its text alone when it leads anywhere but to https. */
export function link(label, address, depth = 0) {
  const shown = depth < DEEPEST ? inlines(label, DEEPEST) : [label];
  let url = null;
  try {
    url = new URL(address);
  } catch {
    return element("span", {}, ...shown);
  }
  if (url.protocol !== "https:") return element("span", {}, ...shown);
  return element("a", { href: url.href, rel: "noopener noreferrer", target: "_blank" }, ...shown);
}

/** Where a run of exactly `mark` stands from `from` on; -1 when nowhere. */
function closing(text, mark, from, character) {
  for (let at = text.indexOf(mark, from); at >= 0; at = text.indexOf(mark, at + 1)) {
    if (text[at - 1] !== character && text[at + mark.length] !== character) return at;
  }
  return -1;
}

function emphasisEnd(text, mark, from) {
  for (let at = text.indexOf(mark, from + 1); at >= 0; at = text.indexOf(mark, at + 1)) {
    const isSingle = mark.length > 1 || (text[at - 1] !== mark && text[at + 1] !== mark);
    const isIntraword = mark[0] === "_" && /\w/.test(text[at + mark.length] ?? "");
    if (isSingle && !isIntraword && /\S/.test(text[at - 1]) && text[at - 1] !== "\\") return at;
  }
  return -1;
}

/** `_` within a word is part of it: snake_case is no emphasis. */
function opens(text, at, mark) {
  return mark[0] !== "_" || !/\w/.test(text[at - 1] ?? "");
}
