/** One lesson as a page to read. */
import { duration, element, icon } from "../dom.js";
import { blocks } from "../markdown/blocks.js";
import { link } from "../markdown/inlines.js";
import { quiz } from "./quiz.js";

/** The page of a finished lesson of `course`. */
export function lessonPage(course, lesson) {
  const module = course.modules.find(({ id }) => id === lesson.module_id);
  const items = lesson.items.map((id) => course.items.find((item) => item.id === id)).filter(Boolean);
  const sources = items.filter(({ type }) => type === "link");
  const crumb = element("p", { class: "crumb" }, element("a", { href: `#/courses/${course.id}` }, course.title), module && `, ${module.title}`);
  return element(
    "article",
    { lang: course.locale },
    element(
      "header",
      { class: "page-head" },
      crumb,
      element("h1", { tabindex: -1 }, lesson.title),
      lesson.summary && element("p", { class: "lead" }, lesson.summary),
      element("p", { class: "crumb" }, duration(lesson.estimated_minutes)),
    ),
    ...items.filter((item) => item.type !== "link").map((item) => part(item, lesson)),
    sources.length > 0 && element("section", { class: "lesson-part" }, element("h2", {}, "Read on"), sourceList(sources)),
    turnPage(course, lesson),
  );
}

function part(item, lesson) {
  switch (item.type) {
    case "text":
      return element("div", { class: "prose" }, blocks(withoutTitle(item.content ?? "", lesson.title)));
    case "key_terms":
      return section(item.title, terms(item));
    case "exercise":
      return element("section", { class: "lesson-part exercise" }, element("h2", {}, item.title), prose(item.content));
    case "quiz":
      return section(item.title === lesson.title ? "Questions" : item.title, ...quiz(item));
    default:
      return section(item.title, prose(item.content));
  }
}

function section(title, ...content) {
  return element("section", { class: "lesson-part" }, element("h2", {}, title), ...content);
}

function prose(text) {
  return element("div", { class: "prose" }, blocks(text ?? "", { top: 3 }));
}

/** Many lessons begin with their own title, which stands above them already. */
function withoutTitle(text, title) {
  const [first, ...rest] = text.trimStart().split("\n");
  const isTitle = /^#{1,3}\s/.test(first) && first.replace(/^#+\s*/, "").trim().toLowerCase() === title.trim().toLowerCase();
  return isTitle ? rest.join("\n") : text;
}

function terms({ content, detail }) {
  if (!detail.terms) return prose(content);
  const pairs = detail.terms.map(({ term, definition }) => element("div", {}, element("dt", {}, term), element("dd", {}, definition)));
  return element("dl", { class: "terms" }, pairs);
}

function sourceList(items) {
  return element("ul", { class: "sources" }, items.map((item) => element("li", {}, link(item.title, item.sourceUrl ?? ""), origin(item))));
}

function origin({ source }) {
  return source && source !== "generated" ? element("small", {}, source) : null;
}

/** To the lesson before and the one behind, as far as they are written. */
function turnPage(course, lesson) {
  const ordered = [...course.lessons].sort((one, other) => one.order - other.order);
  const place = ordered.findIndex(({ id }) => id === lesson.id);
  const [before, behind] = [ordered[place - 1], ordered[place + 1]];
  const href = ({ id }) => `#/courses/${course.id}/${id}`;
  return element(
    "nav",
    { class: "turn-page", "aria-label": "Lessons" },
    before && element("a", { href: href(before) }, element("span", {}, "Before"), element("strong", {}, icon("previous"), before.title)),
    behind && element("a", { class: "next", href: href(behind) }, element("span", {}, "Next"), element("strong", {}, behind.title, icon("next"))),
  );
}
