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

  // Text against what is behind it (WCAG 2.2, contrast of at least 4.5), and text that its own box cuts off.
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const light = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const over = (top, below) => {
    const alpha = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map((at) => alpha * top[at] + (1 - alpha) * below[at]);
  };
  const canvas = document.createElement("p");
  canvas.style.backgroundColor = "Canvas";
  document.body.append(canvas);
  const page = channels(getComputedStyle(canvas).backgroundColor);
  canvas.remove();
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(channels(getComputedStyle(at).backgroundColor));
    return layers.filter((layer) => layer.length).reduceRight((below, layer) => over(layer, below), page);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest("script, style, title, option") || !element.checkVisibility()) continue;
    const style = getComputedStyle(element), ground = behind(element);
    const ink = over(channels(element.closest("svg") ? style.fill : style.color), ground);
    const [a, b] = [luminance(ink), luminance(ground)].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) faint.add(`text ${short(node.textContent)} has a contrast of ${contrast.toFixed(1)}`);
    const cuts = !element.closest("svg") && ["hidden", "clip"].includes(style.overflowX);
    if (cuts && element.scrollWidth > element.clientWidth + 1) faults.push(`text ${short(node.textContent)} is cut off by its box`);
  }
  faults.push(...faint);

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
