// The stack in one picture. Holds no model: combines coefficients that supercycle.stack gave.
(function () {
  "use strict";
  const root = document.getElementById("stack-picture");
  const data = JSON.parse(document.getElementById("stack-data").textContent);
  const form = root.querySelector("form");
  const byName = (name) => form.elements[name];

  const short = (x) => String(Number(x.toPrecision(3)));

  function usd(x) {
    const rounded = Number(Math.abs(x).toPrecision(3));
    for (const [size, word] of [[1e12, " tn"], [1e9, " bn"], [1e6, " m"], [1e3, " k"], [1, ""]]) {
      if (rounded >= size || size === 1) return (x < 0 ? "−$" : "$") + short(rounded / size) + word;
    }
  }

  function si(x, unit) {
    if (x === 0) return "0 " + unit;
    const rounded = Number(x.toPrecision(3));
    const power = Math.min(24, Math.max(0, 3 * Math.floor(Math.log10(rounded) / 3)));
    return short(rounded / 10 ** power) + " " + ["", "k", "M", "G", "T", "P", "E", "Z", "Y"][power / 3] + unit;
  }

  function written(x, how) {
    const [kind, unit] = how.split(":");
    if (kind === "usd") return usd(x);
    if (kind === "si") return si(x, unit);
    if (kind === "percent") return (100 * x).toFixed(1) + "%";
    return Math.round(x).toLocaleString("en-US");
  }

  function evaluate() {
    const at = Number(byName("power").value);
    const u = Number(byName("utilisation").value) / 100;
    const p = 2 ** (Number(byName("price").value) / 10);
    const table = data.table[byName("case").value][byName("chip").value];
    const terms = [1, u, p, u * p];
    const found = {};
    for (const [name, { c, inverse }] of Object.entries(table)) {
      const y = c[at].reduce((sum, factor, i) => sum + factor * terms[i], 0);
      found[name] = inverse ? 1 / y : y;
    }
    // the price at which the models floor earns nothing, all else as it is
    const [c0, cu = 0, cp = 0, cup = 0] = table["models.profit_usd_per_year"].c[at];
    const turn = (-(c0 + cu * u) / (cp + cup * u) / p) * found["apps.price_usd_per_mtok"];
    return { found, turn, u, p, power_w: data.powers_w[at] };
  }

  function say(name, text) {
    document.getElementById("stack-" + name + "-now").textContent = text;
    byName(name).setAttribute("aria-valuetext", text);
  }

  function draw() {
    const { found, turn, u, p, power_w } = evaluate();
    say("power", si(power_w, "W"));
    say("price", "× " + p.toFixed(2));
    say("utilisation", Math.round(100 * u) + "%");
    for (const shown of root.querySelectorAll("[data-out]")) {
      const value = found[shown.dataset.out];
      shown.dataset.value = value;
      shown.textContent = written(value, data.format[shown.dataset.out]);
    }
    const floors = [...root.querySelectorAll(".floor")];
    const profits = floors.map((f) => Number(f.querySelector(".profit [data-out]").dataset.value));
    const low = Math.min(0, ...profits);
    const span = Math.max(0, ...profits) - low;
    floors.forEach((floor, i) => {
      const bar = floor.querySelector(".bar");
      bar.style.left = (100 * (Math.min(profits[i], 0) - low)) / span + "%";
      bar.style.width = (100 * Math.abs(profits[i])) / span + "%";
      bar.classList.toggle("loss", profits[i] < 0);
      floor.querySelector(".track").style.setProperty("--zero", (-100 * low) / span + "%");
    });
    const total = profits.reduce((a, b) => a + b, 0);
    const sum = root.querySelector(".sum");
    sum.dataset.total = total;
    sum.dataset.turn = turn;
    sum.textContent =
      "Users pay " + usd(found["apps.revenue_usd_per_year"]) + " a year; the five floors together " +
      (total < 0 ? "lose " : "earn ") + usd(Math.abs(total)) +
      ". The models floor breaks even when a million tokens bring " + usd(turn) +
      "; now it is " + usd(found["apps.price_usd_per_mtok"]) + ".";
  }

  form.addEventListener("input", draw);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(draw));
  draw();
})();
