"use strict";
// Shows the questions that hold the words, of the chosen probe, that one arm answers right and another one wrong.
const byId = id => document.getElementById(id);
const rows = [...byId("answers-rows").rows].map(row => {
  const names = list => list.split("\t").filter(Boolean);
  const { probe, right, wrong } = row.dataset;
  return { row, probe, right: names(right), wrong: names(wrong), words: row.textContent.toLowerCase() };
});
const show = () => {
  const [words, probe, right, wrong] = ["words", "probe", "right", "wrong"].map(name => byId(`answers-${name}`).value);
  const asked = rows.filter(one => one.words.includes(words.trim().toLowerCase()) && (!probe || one.probe === probe));
  const fits = (one, a, b) => (!a || one.right.includes(a)) && (!b || one.wrong.includes(b));
  let count = 0;
  for (const one of rows) one.row.hidden = true;
  for (const one of asked) if (fits(one, right, wrong)) { one.row.hidden = false; count += 1; }
  const other = asked.filter(one => fits(one, wrong, right)).length;
  const pair = right && wrong ? `; ${right} right and ${wrong} wrong: ${count}, the other way round: ${other}` : "";
  byId("answers-count").textContent = `${count} of ${rows.length} questions${pair}`;
};
for (const name of ["words", "probe", "right", "wrong"]) byId(`answers-${name}`).addEventListener("input", show);
show();
