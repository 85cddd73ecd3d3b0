// Kernel: many models over four draws per invocation, random words to totals and summaries.
// Twin of `src/engine/model_block.rs`.
//
// An invocation keeps the totals of its draws in registers while it walks over the models; all invocations of a
// workgroup are at the same model, which is what their summaries are added up over. Neighbouring workgroups begin at
// different models, so that they seldom add to the same counters.

const SLOTS: u32 = 6u;
const PUE: u32 = 2u;

const NONE: u32 = 0u;
const AFFINE: u32 = 1u;
const TABLE: u32 = 2u;
const ONE_PLUS_AFFINE: u32 = 3u;
const ONE_PLUS_TABLE: u32 = 4u;
const ONE_PLUS_CONSTANT: u32 = 5u;

// A factor equal to zero.
const ZERO_LOG2: i32 = -335544320; // −80 octaves

// Whether the plan has any of these; what is absent costs nothing.
override HAS_SHARED: bool = true;
override HAS_ZEROS: bool = true;
override HAS_GROUPS: bool = true;

// One factor of one model.
struct SlotRecord {
    // Marginal in the lowest byte, log2 of a table's cells in the next.
    kind: u32,
    // Scale (Q5.26), or the entry where a table begins.
    parameter: u32,
    // Location of log2(PUE − 1).
    loc: i32,
    // 1 + the cell of shared effects; 0 for none.
    cell: u32,
}

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

@group(0) @binding(2) var<storage, read> models: array<ModelRecord>;
@group(0) @binding(3) var<storage, read> logs: array<I4>;
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
    let quad = id.x;
    // Every invocation goes along, whether its draws exist or not: sums over a workgroup need all of them. Rows have
    // room for whole workgroups.
    let live = live_draws(quad);
    let draws = quad_draws(params.first, quad);
    let rows = workgroup.y * TOTALS;
    var totals: Sums;
    totals.compute = load_total(rows, quad);
    totals.it_energy = load_total(rows + 1u, quad);
    totals.energy = load_total(rows + 2u, quad);
    totals.emissions = load_total(rows + 3u, quad);
    totals.independent = load_total(rows + 4u, quad);

    let begin = min(workgroup.y * params.per_split, params.models);
    let n = min(params.per_split, params.models - begin);
    // Where this workgroup starts among its n models.
    let turn = (workgroup.x * 37u) % max(n, 1u);
    for (var i = 0u; i < n; i++) {
        let turned = i + turn;
        let m = params.model + begin + select(turned, turned - n, turned >= n);
        add_model(m, draws, quad, live, workgroup.y, &totals);
    }

    store_total(rows, quad, totals.compute);
    store_total(rows + 1u, quad, totals.it_energy);
    store_total(rows + 2u, quad, totals.energy);
    store_total(rows + 3u, quad, totals.emissions);
    store_total(rows + 4u, quad, totals.independent);
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
    logs: array<I4, SLOTS>,
    // log2 of PUE − 1 before shared effects, where that is what is sampled.
    pue_own: I4,
    // Bit s: the factor of slot s is exactly zero.
    zeros: U4,
}

fn add_model(m: u32, draws: Quad, quad: u32, live: B4, split: u32, sums: ptr<function, Sums>) {
    let key = models[m].key;
    let flags = models[m].flags;
    let factors = sample_factors(m, key, draws, quad);
    let locs = models[m].locs;
    let signs = models[m].signs;

    var y: I4;
    var h: U4;
    if (flags & 1u) != 0u {
        y = product(locs.x, signs.x, factors.logs);
        h = exp2_fraction(y);
        (*sums).compute = total_add((*sums).compute, h, y, params.units.x);
        if HAS_GROUPS {
            add_to_groups(m, 1u, h, y, quad, split);
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
    let at = m * MODEL_SUMS;
    if (flags & 8u) != 0u {
        y = product(locs.w, signs.w, factors.logs);
        h = exp2_fraction(y);
        (*sums).emissions = total_add((*sums).emissions, h, y, params.units.w);
        if HAS_GROUPS {
            add_to_groups(m, 0u, h, y, quad, split);
        }
        var counted = live;
        if HAS_ZEROS {
            let zero = (factors.zeros & U4(models[m].emissions_zeros)) != U4(0u);
            add_counter(at + EMISSIONS_ZEROS, live & zero);
            counted = live & !zero;
        }
        summarise(at, at + EMISSIONS_CEILING, 2u * m * BINS, y, h, counted, models[m].emissions);
        if HAS_SHARED {
            if (flags & 32u) != 0u {
                y = separate_shared(m, y, signs.w, key, factors, draws, quad);
                h = exp2_fraction(y);
            }
            (*sums).independent = total_add((*sums).independent, h, y, params.independent_unit.x);
        }
    }
    var undefined = B4(false);
    if HAS_ZEROS {
        if (flags & 1u) != 0u {
            undefined = (factors.zeros & U4(models[m].compute_zeros)) != U4(0u);
            add_counter(at + ATCI_UNDEFINED, live & undefined);
        }
    }
    if (flags & 16u) != 0u {
        y = product(models[m].atci_loc, models[m].atci_signs, factors.logs);
        var counted = live;
        if HAS_ZEROS {
            let zero = (factors.zeros & U4(models[m].atci_zeros)) != U4(0u);
            add_counter(at + ATCI_ZEROS, live & zero & !undefined);
            counted = live & !zero & !undefined;
        }
        summarise(at + 16u, at + ATCI_CEILING, (2u * m + 1u) * BINS, y, exp2_fraction(y), counted, models[m].atci);
    }
}

// The logarithm of a product of powers of the factors.
fn product(loc: i32, signs: u32, logs: array<I4, SLOTS>) -> I4 {
    return I4(loc)
        + I4(power(signs, 0u)) * logs[0]
        + I4(power(signs, 1u)) * logs[1]
        + I4(power(signs, 2u)) * logs[2]
        + I4(power(signs, 3u)) * logs[3]
        + I4(power(signs, 4u)) * logs[4]
        + I4(power(signs, 5u)) * logs[5];
}

fn power(signs: u32, slot: u32) -> i32 {
    return extractBits(bitcast<i32>(signs), 4u * slot, 4u);
}

fn sample_factors(m: u32, key: vec2<u32>, draws: Quad, quad: u32) -> Factors {
    var factors: Factors;
    let first = stream_words(draws, params.seed, DOMAIN_OWN, 0u, key);
    factors.logs[0] = factor(m, 0u, first.a, quad, &factors);
    factors.logs[1] = factor(m, 1u, first.b, quad, &factors);
    factors.logs[2] = factor(m, 2u, first.c, quad, &factors);
    factors.logs[3] = factor(m, 3u, first.d, quad, &factors);
    if (models[m].slots[4].kind | models[m].slots[5].kind) != NONE {
        let second = stream_words(draws, params.seed, DOMAIN_OWN, 1u, key);
        factors.logs[4] = factor(m, 4u, second.a, quad, &factors);
        factors.logs[5] = factor(m, 5u, second.b, quad, &factors);
    } else {
        factors.logs[4] = shared_log(models[m].slots[4].cell, quad);
        factors.logs[5] = shared_log(models[m].slots[5].cell, quad);
    }
    return factors;
}

// The logarithm of one factor, shared effects included.
fn factor(m: u32, slot: u32, words: U4, quad: u32, factors: ptr<function, Factors>) -> I4 {
    let record = models[m].slots[slot];
    let kind = record.kind & 0xffu;
    let shared_part = shared_log(record.cell, quad);
    var own = I4(0);
    if kind == AFFINE || kind == ONE_PLUS_AFFINE {
        own = affine(bitcast<i32>(record.parameter), inverse_normal(words));
    } else if kind == TABLE || kind == ONE_PLUS_TABLE {
        own = table_values(record.parameter, record.kind >> 8u, inverse_normal(words));
    }
    if HAS_ZEROS {
        let zero = (own == I4(ZERO_LOG2)) & B4(((models[m].zeros >> slot) & 1u) != 0u);
        (*factors).zeros |= U4(zero) << U4(slot);
    }
    if slot == PUE && kind >= ONE_PLUS_AFFINE {
        own += I4(record.loc);
        (*factors).pue_own = own;
        return one_plus(own + shared_part);
    }
    return own + shared_part;
}

fn shared_log(cell: u32, quad: u32) -> I4 {
    if HAS_SHARED {
        if cell != 0u {
            return logs[(cell - 1u) * params.stride + quad];
        }
    }
    return I4(0);
}

// The emissions' logarithm with the shared effects replaced by ones of the model's own: one normal for all that act as
// multipliers, one for those on PUE − 1.
fn separate_shared(m: u32, y: I4, signs: u32, key: vec2<u32>, factors: Factors, draws: Quad, quad: u32) -> I4 {
    let words = stream_words(draws, params.seed, DOMAIN_INDEPENDENT, 0u, key);
    var separate = y
        - I4(power(signs, 0u)) * shared_log(models[m].slots[0].cell, quad)
        - I4(power(signs, 1u)) * shared_log(models[m].slots[1].cell, quad)
        - I4(power(signs, 3u)) * shared_log(models[m].slots[3].cell, quad)
        - I4(power(signs, 4u)) * shared_log(models[m].slots[4].cell, quad)
        - I4(power(signs, 5u)) * shared_log(models[m].slots[5].cell, quad)
        + affine(models[m].independent_scale, inverse_normal(words.a));
    let pue_scale = models[m].independent_pue_scale;
    if pue_scale != 0 {
        let pue = one_plus(factors.pue_own + affine(pue_scale, inverse_normal(words.b)));
        separate += I4(power(signs, PUE)) * (pue - factors.logs[PUE]);
    }
    return separate;
}

// Adds a model's emissions (`which` 0) or compute (1) to the totals of its groups.
fn add_to_groups(m: u32, which: u32, h: U4, y: I4, quad: u32, split: u32) {
    let first = models[m].first_group;
    let rows = split * group_rows();
    for (var i = 0u; i < models[m].groups; i++) {
        let membership = memberships[first + i];
        if which == 0u || membership.w != 0 {
            let row = rows + select(u32(membership.x), params.groups + u32(membership.x), which == 1u);
            let unit = select(membership.y, membership.z, which == 1u);
            store_group(row, quad, total_add(load_group(row, quad), h, y, unit));
        }
    }
}
