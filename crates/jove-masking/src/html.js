// A card that would leave the window moves back into it.
for (const event of ["mouseover", "focusin"]) addEventListener(event, ({ target }) => {
  const card = target.closest?.("[tabindex]")?.querySelector(".card");
  if (!card) return;
  card.style.left = "0";
  const { left, right } = card.getBoundingClientRect();
  const over = Math.max(0, right + 8 - document.documentElement.clientWidth);
  card.style.left = `${Math.max(0, 8 - left) - over}px`;
});
