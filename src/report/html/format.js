// Numbers and names as text: digits that their error supports, units that read well, names that are text only.
//
// Invariants: the rules are those of src/report/numbers.rs, so that the page and the terminal print the same digits.
// What is undefined is a dash. Whatever came from a file passes through `visible` before it is shown.

const Format = (() => {
  /** Significant digits without sampling error, with an unknown one, and at most. */
  const EXACT = 4, UNKNOWN = 3, MOST = 6;
  const DASH = "–";
  const NBSP = "\u00a0";

  /** Powers of 1,000 and names, relative to the unit that the data hold a quantity in. */
  const NAMES = {
    emissions: [[-2, "g CO₂e"], [-1, "kg CO₂e"], [0, "t CO₂e"], [1, "kt CO₂e"], [2, "Mt CO₂e"], [3, "Gt CO₂e"]],
    energy: [[-1, "Wh"], [0, "kWh"], [1, "MWh"], [2, "GWh"], [3, "TWh"]],
    atci: [[-2, "mg/EFLOP"], [-1, "g/EFLOP"], [0, "kg/EFLOP"], [1, "t/EFLOP"]],
    energyPerCompute: [[-1, "Wh/EFLOP"], [0, "kWh/EFLOP"], [1, "MWh/EFLOP"]],
    carbonPerEnergy: [[-1, "g/kWh"], [0, "kg/kWh"]],
    water: [[-1, "L"], [0, "m³"], [1, "10³ m³"], [2, "10⁶ m³"]],
    plain: [[0, ""]],
  };

  const known = (x) => typeof x === "number" && Number.isFinite(x);

  /** Exponent of the first decimal digit: 3 for 1234, −2 for 0.056; null for zero and what is no number. */
  function magnitude(x) {
    if (!known(x) || x === 0) return null;
    return Number(x.toExponential(15).split("e")[1]);
  }

  /** The power of ten at which a value with this standard error ends. */
  function lastPlace(value, mcse) {
    const first = magnitude(value) ?? 0;
    if (!known(mcse)) return first + 1 - UNKNOWN;
    const place = magnitude(2 * mcse);
    if (place === null) return first + 1 - EXACT;
    const least = first + 1 - MOST;
    return Math.min(Math.max(place, least), Math.max(first, least));
  }

  function grouped(digits) {
    const [whole, decimals] = digits.split(".");
    const sign = whole.startsWith("-") ? "−" : "";
    const plain = whole.replace("-", "").replace(/\B(?=(\d{3})+$)/g, ",");
    return sign + plain + (decimals ? "." + decimals : "");
  }

  function atPlace(x, place) {
    if (place > 0) {
      const unit = 10 ** place;
      return grouped((Math.round(x / unit) * unit).toFixed(0));
    }
    const text = x.toFixed(Math.min(-place, 20));
    return grouped(/^-0(\.0*)?$/.test(text) ? text.slice(1) : text);
  }

  /** The value to the digits that its standard error supports; three digits where the error is unknown. */
  function number(x, mcse) {
    if (x === 0) return "0";
    return known(x) ? atPlace(x, lastPlace(x, mcse)) : DASH;
  }

  /** At most so many significant digits, without trailing zeros: for ticks and for what is not sampled. */
  function significant(x, digits = EXACT) {
    if (!known(x)) return DASH;
    if (x === 0) return "0";
    const power = magnitude(x);
    // Five zeros after the point are hard to count: 5.673 × 10⁻⁶.
    if (power < -5) {
      const [digitsOf, exponent] = x.toExponential(digits - 1).split("e");
      return `${Number(digitsOf)}${NBSP}×${NBSP}10${superscript(Number(exponent))}`;
    }
    const text = atPlace(x, power + 1 - digits);
    return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  }

  /** `61.32 ± 0.03`: value and standard error with the same last decimal. */
  function withError(x, mcse) {
    if (!known(x)) return DASH;
    if (!known(mcse) || mcse <= 0) return number(x, mcse);
    const place = lastPlace(x, mcse);
    return `${atPlace(x, place)} ± ${atPlace(Math.max(mcse, 10 ** place), place)}`;
  }

  const count = (n) => (known(n) ? grouped(Math.round(n).toFixed(0)) : DASH);
  const counted = (n, what) => `${count(n)} ${what}${n === 1 ? "" : "s"}`;

  /** A share as per cent: one decimal below ten, none above. */
  function percent(share) {
    if (!known(share)) return DASH;
    const p = 100 * share;
    if (p === 0) return `0${NBSP}%`;
    if (Math.abs(p) < 0.05) return `<0.1${NBSP}%`;
    return grouped(p.toFixed(Math.abs(p) < 9.95 ? 1 : 0)) + NBSP + "%";
  }

  /** A probability from so many draws, never more certain than they can make it. */
  function probability(p, draws) {
    if (!known(p)) return DASH;
    const error = Math.sqrt(Math.max(p * (1 - p), 1 / draws) / draws);
    const decimals = error >= 0.005 ? 0 : 1;
    const least = decimals === 0 ? 0.01 : 0.001;
    if (p < least) return `less than ${100 * least}${NBSP}%`;
    if (p > 1 - least) return `more than ${grouped((100 * (1 - least)).toFixed(decimals))}${NBSP}%`;
    return (100 * p).toFixed(decimals) + NBSP + "%";
  }

  /** `95 %`, `99.7 %` */
  const level = (share) => significant(100 * share, 6) + NBSP + "%";

  const superscript = (n) => String(n).replace(/./g, (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻");

  /** The unit in which `typical` has one to three digits before the point: `{name, factor}`. */
  function unit(kind, typical) {
    const power = Math.floor((magnitude(typical) ?? 0) / 3);
    if (kind === "compute") {
      const name = power === 0 ? "EFLOP" : `10${superscript(3 * power)} EFLOP`;
      return { name, factor: 1000 ** -power };
    }
    const names = NAMES[kind] ?? NAMES.plain;
    const found = names.findLast(([p]) => p <= power) ?? names[0];
    return { name: found[1], factor: 1000 ** -found[0] };
  }

  const times = (x, factor) => (known(x) ? x * factor : x);

  /** `170 kt CO₂e` */
  function amount(x, kind, mcse) {
    if (!known(x)) return DASH;
    const u = unit(kind, x);
    return number(x * u.factor, times(mcse, u.factor)) + (u.name ? NBSP + u.name : "");
  }

  /** `120 to 238`, both ends in the unit given. */
  function range(pair, u, mcse) {
    if (!pair || !known(pair[0]) || !known(pair[1])) return DASH;
    const end = (i) => number(pair[i] * u.factor, times(mcse?.[i], u.factor));
    return `${end(0)} to ${end(1)}`;
  }

  /** `120 to 238 kt CO₂e` in the unit of the upper end, or `430 g to 8.95 t` where one unit would need leading zeros. */
  function rangeOf(pair, kind, mcse) {
    if (!pair || !known(pair[0]) || !known(pair[1])) return DASH;
    const u = unit(kind, pair[1] || pair[0]);
    const small = Math.abs(pair[0] * u.factor);
    if (small > 0 && small < 0.01) return `${amount(pair[0], kind, mcse?.[0])} to ${amount(pair[1], kind, mcse?.[1])}`;
    return range(pair, u, mcse) + (u.name ? NBSP + u.name : "");
  }

  /** Without the words that a heading says already: `13.2 kt`. */
  const brief = (text) => text.replaceAll(" CO₂e", "");

  /** Controls, line separators and marks that turn the direction of text: shown as blanks, as the terminal does. */
  const ACTING = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
  const visible = (text) => String(text ?? "").replace(ACTING, " ");

  /** Shortened in the middle, because names differ at their ends; by characters, not by halves of them. */
  function shorten(text, most = 60) {
    const shown = visible(text);
    if (shown.length <= most) return shown;
    const characters = Array.from(shown.slice(0, 4 * most) + shown.slice(-4 * most));
    const whole = shown.length <= 8 * most ? Array.from(shown) : characters;
    if (whole.length <= most) return shown;
    const front = Math.ceil((most - 1) / 2);
    return whole.slice(0, front).join("") + "…" + whole.slice(whole.length - (most - 1 - front)).join("");
  }

  return {
    DASH, NBSP, known, magnitude, number, significant, withError, count, counted, percent, probability, level, unit,
    amount, range, rangeOf, brief, visible, shorten,
  };
})();
