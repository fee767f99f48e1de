(() => {
  const faults = [];
  const short = (text) => JSON.stringify(text.trim().slice(0, 40));
  const wider = document.documentElement.scrollWidth - window.innerWidth;
  if (wider > 1) faults.push(`the page is ${wider} pixels wider than the window`);

  for (const svg of document.querySelectorAll("svg")) {
    const frame = svg.getBoundingClientRect();
    if (frame.width < 1 || frame.height < 1) { faults.push("an empty drawing"); continue; }
    const texts = [...svg.querySelectorAll("text")]
      .map((text) => [text.textContent, text.getBoundingClientRect()])
      .filter(([text, box]) => text.trim() && box.width > 0);
    texts.forEach(([text, box], index) => {
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1) {
        faults.push(`text ${short(text)} of a drawing is cut off`);
      }
      for (const [other, its] of texts.slice(index + 1)) {
        const across = Math.min(box.right, its.right) - Math.max(box.left, its.left);
        const down = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
        const smaller = Math.min(box.width * box.height, its.width * its.height);
        // Boxes hold more than ink: a touch is no fault.
        if (across > 0 && down > 0 && across * down > 0.3 * smaller) {
          faults.push(`text ${short(text)} lies on ${short(other)}`);
        }
      }
    });
  }

  // A window that nobody looks at may not take the focus, so its rules are copied for a class.
  const copies = document.createElement("style");
  for (const sheet of document.styleSheets) {
    for (const { cssText } of sheet.cssRules) {
      if (cssText.includes(":focus")) copies.textContent += cssText.replaceAll(":focus", ".has-focus");
    }
  }
  document.head.append(copies);
  for (const element of document.querySelectorAll("[tabindex]")) {
    const card = element.querySelector(".card");
    if (!card) continue;
    element.classList.add("has-focus");
    element.dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
    const box = card.getBoundingClientRect();
    const name = short(element.firstChild.textContent);
    if (box.width < 1) faults.push(`the card of ${name} does not show`);
    else if (box.left < -1 || box.right > window.innerWidth + 1) faults.push(`the card of ${name} leaves the window`);
    element.classList.remove("has-focus");
  }

  const list = document.createElement("pre");
  list.id = "faults";
  list.textContent = faults.join("\n");
  document.documentElement.append(list);
})();
