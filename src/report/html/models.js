// The models of a result, which the data hold as columns: access to one of them by its position.
//
// Invariants: positions are those of the data (largest mean first) and never change; sorting and searching give lists of
// positions. Repeated texts are held once and looked up here and nowhere else.

const Models = (() => {
  const LABELS = ["tier", "organization", "year", "hardware", "region"];

  /** A text by its index; null where there is none. */
  const textOf = (result, index) => (index === null || index === undefined ? null : result.texts[index] ?? null);

  const label = (result, column, i) => textOf(result, result.models[column]?.[i]);

  function of(result, i) {
    const m = result.models;
    return {
      position: i, id: m.id[i], mean: m.mean_t[i], median: m.median_t[i], lo: m.lo_t[i], hi: m.hi_t[i], sd: m.sd_t[i],
      atci: m.atci[i], atciLo: m.atci_lo[i], atciHi: m.atci_hi[i],
      ...Object.fromEntries(LABELS.map((key) => [key, label(result, key, i)])),
    };
  }

  /** How each figure of a model came about: [{quantity, kind, how, source, chosen}] */
  function provenance(result, i) {
    return (result.models.provenance?.[i] ?? []).map((step) => {
      const [quantity, kind, how, source, chosen] = result.steps[step];
      return { quantity: textOf(result, quantity), kind: textOf(result, kind), how: textOf(result, how), source: textOf(result, source), chosen: Boolean(chosen) };
    });
  }

  /** Sum of the means of all models, with those that are not listed. */
  function totalMean(result) {
    return result.models.mean_t.reduce((sum, x) => sum + (x ?? 0), 0) + (result.models.rest_mean_t ?? 0);
  }

  const share = (result, i) => {
    const total = totalMean(result);
    return total > 0 && Format.known(result.models.mean_t[i]) ? result.models.mean_t[i] / total : null;
  };

  return { LABELS, of, label, provenance, share, totalMean };
})();
