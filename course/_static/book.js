document.addEventListener("DOMContentLoaded", () => {
  // A comma after a formula stays on its line, and so does the bracket before one.
  document.querySelectorAll("span.math").forEach((formula) => {
    const before = /\($/.exec(formula.previousSibling?.data ?? "");
    const after = /^[,.;:)]+/.exec(formula.nextSibling?.data ?? "");
    if (!before && !after) return;
    const together = document.createElement("span");
    together.className = "with-its-comma";
    const [from, to] = [formula.previousSibling, formula.nextSibling];
    formula.replaceWith(together);
    together.append(before?.[0] ?? "", formula, after?.[0] ?? "");
    if (before) from.data = from.data.slice(0, -1);
    if (after) to.data = to.data.slice(after[0].length);
  });
  // Names that the theme leaves out or lets contradict what is seen, for those who listen to the page.
  document.querySelectorAll(".search-button-field, .cell details > summary").forEach((control) => {
    control.removeAttribute("aria-label"); // its own words are its name
  });
  document.querySelectorAll(".bd-sidebar-primary summary").forEach((toggle) => {
    const section = toggle.closest("li").querySelector("a").textContent.trim();
    toggle.setAttribute("aria-label", "pages of " + section);
  });
});
