// What the reader has chosen, kept in the address behind the "#", so that a link or a reload shows the same page.
//
// Invariants: a value that equals its default is not written; an unknown key or a value that cannot be is ignored, never
// an error, because anyone can edit an address. Nothing is stored anywhere else.

const State = (() => {
  const DEFAULTS = {
    result: 0, // which of several results is shown
    x: null, // threshold of the exceedance, in t
    p: 0.05, // probability of the reverse question
    by: null, // grouping
    measure: "emissions", // of the groups: emissions or atci
    sort: "mean", // column of the table of models
    dir: "desc",
    q: "", // search
    size: null, // rows a page; null: as many as suit the window
    page: 1,
    row: null, // position of the model whose provenance is open
    tree: "", // open branches of the lineage
    at: null, // section to scroll to
  };
  const NUMBERS = new Set(["result", "x", "p", "size", "page", "row"]);
  /** What belongs to one result only and is forgotten when another is chosen. */
  const OF_ONE_RESULT = ["x", "page", "row", "tree"];

  let current = { ...DEFAULTS };
  const listeners = [];

  function read(hash) {
    const state = { ...DEFAULTS };
    const text = hash.replace(/^#/, "");
    if (text && !text.includes("=")) return { ...state, at: safeDecode(text) };
    for (const [key, value] of new URLSearchParams(text)) {
      if (!Object.hasOwn(DEFAULTS, key)) continue;
      if (!NUMBERS.has(key)) state[key] = value;
      else if (value !== "" && Number.isFinite(Number(value))) state[key] = Number(value);
    }
    return state;
  }

  function safeDecode(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  function write() {
    const parts = new URLSearchParams();
    for (const [key, value] of Object.entries(current)) {
      if (value !== null && value !== DEFAULTS[key]) parts.set(key, String(value));
    }
    const text = parts.toString();
    const address = text ? "#" + text : location.pathname + location.search;
    try {
      history.replaceState(null, "", address);
    } catch {
      // Some browsers forbid this for a page opened from a file; the fragment can still be set.
      if (text) location.replace("#" + text);
    }
  }

  function tell(changed) {
    for (const { keys, listener } of listeners) {
      if (keys.some((key) => changed.has(key))) listener(current, changed);
    }
  }

  /** Changes some values, and calls whoever listens to one of them. */
  function set(values) {
    const changed = new Set(Object.keys(values).filter((key) => current[key] !== values[key]));
    if (changed.has("result")) {
      for (const key of OF_ONE_RESULT) {
        if (!(key in values) && current[key] !== DEFAULTS[key]) {
          values = { ...values, [key]: DEFAULTS[key] };
          changed.add(key);
        }
      }
    }
    if (changed.size === 0) return;
    current = { ...current, ...values };
    write();
    tell(changed);
  }

  /** Calls `listener(state, changed)` whenever one of the keys changes. */
  function on(keys, listener) {
    listeners.push({ keys, listener });
  }

  /** Forgets those who listen; the page is being built anew. */
  function forget() {
    listeners.length = 0;
  }

  /** Reads the address; later changes of it, by hand or by a link, are followed. */
  function start(rebuild) {
    current = read(location.hash);
    window.addEventListener("hashchange", () => {
      current = read(location.hash);
      rebuild();
    });
  }

  return { get: () => current, set, on, forget, start };
})();
