// Kernel: many models over four draws per invocation, random words to totals and summaries.
// Twin of `src/engine/model_block.rs`.
//
// An invocation keeps the totals of its draws in registers while it walks over the models; all invocations of a
// workgroup are at the same model, which is what their summaries are added up over. Neighbouring workgroups begin at
// different models, so that they seldom add to the same counters.

// A factor equal to zero.
const ZERO_LOG2: i32 = -335544320; // −80 octaves

// Whether the plan has any of these; what is absent costs nothing.
override HAS_ZEROS: bool = true;
override HAS_GROUPS: bool = true;
override HAS_SHARED_PUE: bool = true;

// One model. Mirrored by `ModelRecord` in `src/engine/gpu/layout.rs`, field by field.
struct ModelRecord {
    key: vec2<u32>,
    // Bits 0 to 3: outputs with a term; 4: an ATCI; 5: its emissions depend on shared effects.
    flags: u32,
    zeros: u32,
    slots: array<SlotRecord, SLOTS>,
    // By output; powers of the slots in 4 bits each.
    locs: vec4<i32>,
    signs: vec4<u32>,
    atci_loc: i32,
    atci_signs: u32,
    independent_scale: i32,
    independent_pue_scale: i32,
    emissions: Range,
    atci: Range,
    // Slots that make emissions zero, that make compute zero, that make ATCI zero.
    emissions_zeros: u32,
    compute_zeros: u32,
    atci_zeros: u32,
    // Into `memberships`: the first of the model's groups; their number in the upper 8 bits is in `groups`.
    first_group: u32,
    groups: u32,
    padding_0: u32,
    padding_1: u32,
    padding_2: u32,
}

// Some models of the tile, as many as a uniform buffer holds. What all invocations read alike is fastest there.
// Mirrored by `Window` in `src/engine/gpu/layout.rs`.
struct Window {
    // Number of the first model in the tile, and how many there are.
    first: u32,
    count: u32,
    padding_0: u32,
    padding_1: u32,
    models: array<ModelRecord, WINDOW>,
}

const WINDOW: u32 = 292u;

@group(1) @binding(0) var<uniform> window: Window;

@group(0) @binding(3) var<storage, read> logs: array<I>;
// By membership: group, unit of its emissions, unit of its compute, and whether it is kept draw by draw.
@group(0) @binding(8) var<storage, read> memberships: array<vec4<i32>>;

// Counters of one model in `sums`: limbs of emissions and of ATCI, 16 words each, then five plain ones.
const MODEL_SUMS: u32 = 40u;
const EMISSIONS_ZEROS: u32 = 32u;
const EMISSIONS_CEILING: u32 = 33u;
const ATCI_ZEROS: u32 = 34u;
const ATCI_CEILING: u32 = 35u;
const ATCI_UNDEFINED: u32 = 36u;

@compute @workgroup_size(WORKGROUP)
fn model_block(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    limbs_begin(local);
    let place = id.x;
    // Every invocation goes along, whether its draws exist or not: sums over a workgroup need all of them. Rows have
    // room for whole workgroups.
    let live = live_draws(place);
    let draws = draws_of(params.first, place);
    let rows = workgroup.y * TOTALS;
    var totals: Sums;
    totals.compute = load_total(rows, place);
    totals.it_energy = load_total(rows + 1u, place);
    totals.energy = load_total(rows + 2u, place);
    totals.emissions = load_total(rows + 3u, place);
    totals.independent = load_total(rows + 4u, place);

    let models = min(params.take, window.count - params.skip);
    let per_split = (models + params.splits - 1u) / params.splits;
    let begin = min(workgroup.y * per_split, models);
    let n = min(per_split, models - begin);
    // Where this workgroup starts among its n models.
    let turn = (workgroup.x * 37u) % max(n, 1u);
    for (var i = 0u; i < n; i++) {
        let turned = i + turn;
        let m = params.skip + begin + select(turned, turned - n, turned >= n);
        add_model(m, draws, place, live, workgroup.y, &totals);
    }

    store_total(rows, place, totals.compute);
    store_total(rows + 1u, place, totals.it_energy);
    store_total(rows + 2u, place, totals.energy);
    store_total(rows + 3u, place, totals.emissions);
    store_total(rows + 4u, place, totals.independent);
}

struct Sums {
    compute: Wide,
    it_energy: Wide,
    energy: Wide,
    emissions: Wide,
    independent: Wide,
}

// The logarithms of a model's factors, shared effects included, and what the independent emissions need.
struct Factors {
    logs: array<I, SLOTS>,
    // log2 of PUE − 1 before shared effects, where that is what is sampled.
    pue_own: I,
    // Bit s: the factor of slot s is exactly zero.
    zeros: U,
}

fn add_model(m: u32, draws: Draws, place: u32, live: B, split: u32, sums: ptr<function, Sums>) {
    let key = window.models[m].key;
    let flags = window.models[m].flags;
    let factors = sample_factors(m, key, draws, place);
    let locs = window.models[m].locs;
    let signs = window.models[m].signs;

    var y: I;
    var h: U;
    if (flags & 1u) != 0u {
        y = product(locs.x, signs.x, factors.logs);
        h = exp2_fraction(y);
        (*sums).compute = total_add((*sums).compute, h, y, params.units.x);
        if HAS_GROUPS {
            add_to_groups(m, 1u, h, y, place, split);
        }
    }
    if (flags & 2u) != 0u {
        y = product(locs.y, signs.y, factors.logs);
        (*sums).it_energy = total_add((*sums).it_energy, exp2_fraction(y), y, params.units.y);
    }
    if (flags & 4u) != 0u {
        y = product(locs.z, signs.z, factors.logs);
        (*sums).energy = total_add((*sums).energy, exp2_fraction(y), y, params.units.z);
    }
    let in_tile = window.first + m;
    let at = in_tile * MODEL_SUMS;
    if (flags & 8u) != 0u {
        y = product(locs.w, signs.w, factors.logs);
        h = exp2_fraction(y);
        (*sums).emissions = total_add((*sums).emissions, h, y, params.units.w);
        if HAS_GROUPS {
            add_to_groups(m, 0u, h, y, place, split);
        }
        var counted = live;
        if HAS_ZEROS {
            let zero = (factors.zeros & U(window.models[m].emissions_zeros)) != U(0u);
            add_counter(at + EMISSIONS_ZEROS, live & zero);
            counted = live & !zero;
        }
        summarise(at, at + EMISSIONS_CEILING, 2u * in_tile * BINS, y, h, counted, window.models[m].emissions);
        if HAS_SHARED {
            if (flags & 32u) != 0u {
                y = separate_shared(m, y, signs.w, key, factors, draws, place);
                h = exp2_fraction(y);
            }
            (*sums).independent = total_add((*sums).independent, h, y, params.independent_unit.x);
        }
    }
    var undefined = B(false);
    if HAS_ZEROS {
        if (flags & 1u) != 0u {
            undefined = (factors.zeros & U(window.models[m].compute_zeros)) != U(0u);
            add_counter(at + ATCI_UNDEFINED, live & undefined);
        }
    }
    if (flags & 16u) != 0u {
        y = product(window.models[m].atci_loc, window.models[m].atci_signs, factors.logs);
        var counted = live;
        if HAS_ZEROS {
            let zero = (factors.zeros & U(window.models[m].atci_zeros)) != U(0u);
            add_counter(at + ATCI_ZEROS, live & zero & !undefined);
            counted = live & !zero & !undefined;
        }
        summarise(at + 16u, at + ATCI_CEILING, (2u * in_tile + 1u) * BINS, y, exp2_fraction(y), counted, window.models[m].atci);
    }
}

// The logarithm of a product of powers of the factors.
fn product(loc: i32, signs: u32, logs: array<I, SLOTS>) -> I {
    return I(loc)
        + I(power(signs, 0u)) * logs[0]
        + I(power(signs, 1u)) * logs[1]
        + I(power(signs, 2u)) * logs[2]
        + I(power(signs, 3u)) * logs[3]
        + I(power(signs, 4u)) * logs[4]
        + I(power(signs, 5u)) * logs[5];
}

fn sample_factors(m: u32, key: vec2<u32>, draws: Draws, place: u32) -> Factors {
    var factors: Factors;
    let first = stream_words(draws, params.seed, DOMAIN_OWN, 0u, key);
    factors.logs[0] = factor(m, 0u, first.a, place, &factors);
    factors.logs[1] = factor(m, 1u, first.b, place, &factors);
    factors.logs[2] = factor(m, 2u, first.c, place, &factors);
    factors.logs[3] = factor(m, 3u, first.d, place, &factors);
    if HAS_LAST_SLOTS {
        let second = stream_words(draws, params.seed, DOMAIN_OWN, 1u, key);
        factors.logs[4] = factor(m, 4u, second.a, place, &factors);
        factors.logs[5] = factor(m, 5u, second.b, place, &factors);
    } else {
        factors.logs[4] = shared_log(window.models[m].slots[4].cell, place);
        factors.logs[5] = shared_log(window.models[m].slots[5].cell, place);
    }
    return factors;
}

// The logarithm of one factor, shared effects included.
fn factor(m: u32, slot: u32, words: U, place: u32, factors: ptr<function, Factors>) -> I {
    let record = window.models[m].slots[slot];
    let kind = record.kind & 0xffu;
    let shared_part = shared_log(record.cell, place);
    var own = own_log(record, words);
    if HAS_ZEROS {
        let zero = (own == I(ZERO_LOG2)) & B(((window.models[m].zeros >> slot) & 1u) != 0u);
        (*factors).zeros |= U(zero) << U(slot);
    }
    if slot == PUE && kind >= ONE_PLUS_AFFINE {
        own += I(record.loc);
        (*factors).pue_own = own;
        return one_plus(own + shared_part);
    }
    return own + shared_part;
}

fn shared_log(cell: u32, place: u32) -> I {
    if HAS_SHARED {
        if cell != 0u {
            return logs[(cell - 1u) * params.stride + place];
        }
    }
    return I(0);
}

// The emissions' logarithm with the shared effects replaced by ones of the model's own: one normal for all that act as
// multipliers, one for those on PUE − 1.
fn separate_shared(m: u32, y: I, signs: u32, key: vec2<u32>, factors: Factors, draws: Draws, place: u32) -> I {
    let words = stream_words(draws, params.seed, DOMAIN_INDEPENDENT, 0u, key);
    var separate = y
        - I(power(signs, 0u)) * shared_log(window.models[m].slots[0].cell, place)
        - I(power(signs, 1u)) * shared_log(window.models[m].slots[1].cell, place)
        - I(power(signs, 3u)) * shared_log(window.models[m].slots[3].cell, place)
        - I(power(signs, 4u)) * shared_log(window.models[m].slots[4].cell, place)
        - I(power(signs, 5u)) * shared_log(window.models[m].slots[5].cell, place)
        + affine(window.models[m].independent_scale, inverse_normal(words.a));
    if HAS_SHARED_PUE {
        let pue_scale = window.models[m].independent_pue_scale;
        if pue_scale != 0 {
            let pue = one_plus(factors.pue_own + affine(pue_scale, inverse_normal(words.b)));
            separate += I(power(signs, PUE)) * (pue - factors.logs[PUE]);
        }
    }
    return separate;
}

// Adds a model's emissions (`which` 0) or compute (1) to the totals of its groups.
fn add_to_groups(m: u32, which: u32, h: U, y: I, place: u32, split: u32) {
    let first = window.models[m].first_group;
    let rows = split * group_rows();
    for (var i = 0u; i < window.models[m].groups; i++) {
        let membership = memberships[first + i];
        if which == 0u || membership.w != 0 {
            let row = rows + select(u32(membership.x), params.groups + u32(membership.x), which == 1u);
            let unit = select(membership.y, membership.z, which == 1u);
            store_group(row, place, total_add(load_group(row, place), h, y, unit));
        }
    }
}
