/** The form that asks for a course. What is typed is kept over a reload, and so is a request whose answer never came. */
import { patiently, uuid } from "../client/patience.js";
import { element } from "../dom.js";
import { choices, field, submitting } from "./form.js";

const DRAFT = "lyo.course-draft";
const REQUEST = "lyo.course-request"; // {key, user, brief} from the moment it is sent until its answer is here
const LEVELS = [
  ["beginner", "Beginner"],
  ["intermediate", "Intermediate"],
  ["advanced", "Advanced"],
];
const LOCALES = ["en", "de", "es", "fr", "it", "pt", "nl", "pl", "tr", "ja", "zh"];

/** The page; `open(course)` is called with the id of the course that is being written. */
export function askForCourse({ tasks, session, open }) {
  const draft = JSON.parse(localStorage.getItem(DRAFT)) ?? {};
  const area = (name, rows) => element("textarea", { rows }, draft[name] ?? "");
  const topic = element("input", { type: "text", maxlength: 200, autocomplete: "off", value: draft.topic, placeholder: "How vaccines work" });
  const locale = element("input", { type: "text", list: "locales", autocomplete: "off", value: draft.locale ?? "" });
  const form = element(
    "form",
    { class: "ask-for-course", novalidate: true },
    field("topic", "What would you like to learn?", topic),
    choices("level", "Where do you stand?", LEVELS, draft.level ?? "beginner"),
    element(
      "details",
      { class: "more" },
      element("summary", {}, "More about it (optional)"),
      element(
        "div",
        { class: "fields" },
        field("interests", "Your interests", area("interests", 2), "One a line. Examples are drawn from them."),
        field("objectives", "What you want to be able to do", area("objectives", 3), "One a line, 3 to 10."),
        field("locale", "Language of the course", locale, "A language tag such as en, de or pt-BR. English when left empty."),
        element("datalist", { id: "locales" }, LOCALES.map((value) => element("option", { value }))),
        field("source_text", "A text to build it from", area("source_text", 6), "50 to 50,000 characters; the course keeps to it."),
      ),
    ),
    element("div", {}, element("button", { class: "button primary", type: "submit" }, "Write this course")),
  );
  form.addEventListener("input", () => localStorage.setItem(DRAFT, JSON.stringify(Object.fromEntries(new FormData(form)))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, async () => {
      const request = { key: uuid(), user: session.user.id, brief: briefOf(new FormData(form)) };
      localStorage.setItem(REQUEST, JSON.stringify(request));
      open(await sent(request, tasks));
    });
  });
  const heading = element("h1", { tabindex: -1 }, "A new course");
  const lead = element("p", { class: "lead" }, "Name a subject. The outline comes first, then lesson after lesson, and you can read while it grows.");
  return element("div", { class: "column" }, element("header", { class: "page-head" }, heading, lead), form);
}

/** Sends again what a reload or a crash has cut off; resolves to the course, or null when there is nothing to send. */
export async function sendKept({ tasks, session }) {
  const request = JSON.parse(localStorage.getItem(REQUEST));
  if (!request || request.user !== session.user.id) return null;
  return sent(request, tasks).catch(() => null);
}

/** The same key each time: however often it is sent, one course is written. */
async function sent({ key, brief }, tasks) {
  try {
    const course = await patiently(() => tasks.begin(brief, key));
    localStorage.removeItem(DRAFT);
    return course;
  } finally {
    localStorage.removeItem(REQUEST);
  }
}

function briefOf(data) {
  const text = (name) => data.get(name).trim();
  const lines = (name) => text(name).split("\n").map((line) => line.trim()).filter(Boolean);
  const brief = { topic: text("topic"), level: data.get("level") };
  if (lines("interests").length) brief.interests = lines("interests");
  if (lines("objectives").length) brief.objectives = lines("objectives");
  if (text("locale")) brief.locale = text("locale");
  if (text("source_text")) brief.source_text = text("source_text");
  return brief;
}
