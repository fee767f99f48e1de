"use strict";
// A card that would leave the window moves back into it.
for (const event of ["mouseover", "focusin"]) addEventListener(event, ({ target }) => {
  const card = target.closest?.("[tabindex]")?.querySelector(".card");
  if (!card) return;
  card.style.left = "0";
  const { left, right } = card.getBoundingClientRect();
  const over = Math.max(0, right + 8 - document.documentElement.clientWidth);
  card.style.left = `${Math.max(0, 8 - left) - over}px`;
});
// Texts that hold the words, in the text or on a card, and a link with a score in the range.
const [query, most] = ["query", "most"].map(id => document.getElementById(id));
const texts = [...document.querySelectorAll(".text")].map(row => ({
  row, words: row.textContent.toLowerCase(), scores: row.dataset.scores.split(" ").filter(Boolean).map(Number),
}));
const show = () => {
  const words = query.value.toLowerCase().trim(), limit = Number(most.value);
  let count = 0;
  for (const { row, words: own, scores } of texts) {
    row.hidden = !(own.includes(words) && (limit >= 1 || scores.some(score => score <= limit)));
    count += !row.hidden;
  }
  document.getElementById("shown").textContent = `${count} of ${texts.length} texts`;
};
for (const input of [query, most]) input.addEventListener("input", show);
for (const button of document.querySelectorAll("[data-find]")) button.addEventListener("click", () => {
  query.value = button.dataset.find;
  show();
  query.scrollIntoView();
});
show();
