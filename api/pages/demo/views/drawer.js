/** A panel that lies over the page where there is no room beside it: opened by a button, closed by Escape or beside it. */
import { element, icon } from "../dom.js";

const ROOMY = window.matchMedia("(min-width: 70rem)"); // as in styles/layout.css

/** The button that closes a drawer; where there is room it is not shown. */
export function closeButton(label) {
  return element("button", { class: "icon-button only-drawer", type: "button", "aria-label": label, title: label }, icon("close"));
}

export class Drawer {
  #panel;
  #opener;
  #behind;
  #scrim = element("div", { class: "scrim", onclick: () => this.close() });

  /** `behind` are the parts of the page that wait while it is open. */
  constructor({ panel, opener, closer, behind, focus }) {
    this.#panel = panel;
    this.#opener = opener;
    this.#behind = behind;
    opener.setAttribute("aria-expanded", "false");
    opener.setAttribute("aria-controls", panel.id);
    opener.addEventListener("click", () => {
      this.open();
      focus();
    });
    closer.addEventListener("click", () => this.close());
    panel.addEventListener("keydown", ({ key }) => key === "Escape" && this.close());
    ROOMY.addEventListener("change", () => this.close({ quietly: true }));
  }

  get isOpen() {
    return !this.#panel.classList.contains("drawer-closed");
  }

  open() {
    if (ROOMY.matches || this.isOpen) return;
    this.#panel.classList.remove("drawer-closed");
    this.#panel.before(this.#scrim);
    this.#opener.setAttribute("aria-expanded", "true");
    for (const part of this.#behind) part.inert = true;
  }

  /** Closes it, and goes back to what opened it unless `quietly`. */
  close({ quietly = false } = {}) {
    if (!this.isOpen) return;
    this.#panel.classList.add("drawer-closed");
    this.#scrim.remove();
    this.#opener.setAttribute("aria-expanded", "false");
    for (const part of this.#behind) part.inert = false;
    if (!quietly) this.#opener.focus();
  }
}
