// Kernel: many models over four draws per invocation, random words to totals and summaries.
// Twin of `src/engine/draw/model_block.rs`.
//
// An invocation keeps the totals of its draws in registers while it walks over the models; all invocations of a
// workgroup are at the same model, which is what their summaries are added up over. Neighbouring workgroups begin at
// different models, so that they seldom add to the same counters.

// Whether the plan has any of these; what is absent costs nothing.
override HAS_ZEROS: bool = true;
override HAS_GROUPS: bool = true;
override HAS_SHARED_SHIFTED: bool = true;
// Which of the outputs has which role, and which are kept, as bits.
override HEADLINE: u32 = 0u;
override DENOMINATOR: u32 = 12u;
override KEPT: u32 = 4095u;

// One model. Mirrored by `ModelRecord` in `src/engine/gpu/layout.rs`, field by field.
struct ModelRecord {
    key: vec2<u32>,
    zeros: u32,
    // Into `more`, and how many there are of each output, in 2 bits.
    first_more: u32,
    more: u32,
    // Outputs that have a product, as bits.
    outputs: u32,
    independent_scale: i32,
    independent_shifted_scale: i32,
    headline: Range,
    ratio: Range,
    // Into `memberships`: the first of the model's groups, and how many there are.
    first_group: u32,
    groups: u32,
    independent_bounded_scale: i32,
    independent_with_bounded: i32,
    slots: array<SlotRecord, SLOTS>,
    // By output.
    products: array<ProductRecord, MAX_OUTPUTS>,
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

const WINDOW: u32 = 136u;

@group(1) @binding(0) var<uniform> window: Window;

@group(0) @binding(3) var<storage, read> logs: array<I>;
// By membership: group, unit of its headline, unit of its denominator, and whether it is kept draw by draw.
@group(0) @binding(8) var<storage, read> memberships: array<vec4<i32>>;

// Counters of one model in `sums`: limbs of headline and of ratio, 16 words each, then five plain ones.
const MODEL_SUMS: u32 = 40u;
const HEADLINE_ZEROS: u32 = 32u;
const HEADLINE_CEILING: u32 = 33u;
const RATIO_ZEROS: u32 = 34u;
const RATIO_CEILING: u32 = 35u;
const RATIO_UNDEFINED: u32 = 36u;

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
    let rows = workgroup.y * total_rows();
    var totals: Sums;
    if OUTPUTS > 0u { totals.outputs[0] = load_total(rows + 0u, place); }
    if OUTPUTS > 1u { totals.outputs[1] = load_total(rows + 1u, place); }
    if OUTPUTS > 2u { totals.outputs[2] = load_total(rows + 2u, place); }
    if OUTPUTS > 3u { totals.outputs[3] = load_total(rows + 3u, place); }
    if OUTPUTS > 4u { totals.outputs[4] = load_total(rows + 4u, place); }
    if OUTPUTS > 5u { totals.outputs[5] = load_total(rows + 5u, place); }
    if OUTPUTS > 6u { totals.outputs[6] = load_total(rows + 6u, place); }
    if OUTPUTS > 7u { totals.outputs[7] = load_total(rows + 7u, place); }
    if OUTPUTS > 8u { totals.outputs[8] = load_total(rows + 8u, place); }
    if OUTPUTS > 9u { totals.outputs[9] = load_total(rows + 9u, place); }
    if OUTPUTS > 10u { totals.outputs[10] = load_total(rows + 10u, place); }
    if OUTPUTS > 11u { totals.outputs[11] = load_total(rows + 11u, place); }
    totals.independent = load_total(rows + OUTPUTS, place);

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

    if OUTPUTS > 0u { store_total(rows + 0u, place, totals.outputs[0]); }
    if OUTPUTS > 1u { store_total(rows + 1u, place, totals.outputs[1]); }
    if OUTPUTS > 2u { store_total(rows + 2u, place, totals.outputs[2]); }
    if OUTPUTS > 3u { store_total(rows + 3u, place, totals.outputs[3]); }
    if OUTPUTS > 4u { store_total(rows + 4u, place, totals.outputs[4]); }
    if OUTPUTS > 5u { store_total(rows + 5u, place, totals.outputs[5]); }
    if OUTPUTS > 6u { store_total(rows + 6u, place, totals.outputs[6]); }
    if OUTPUTS > 7u { store_total(rows + 7u, place, totals.outputs[7]); }
    if OUTPUTS > 8u { store_total(rows + 8u, place, totals.outputs[8]); }
    if OUTPUTS > 9u { store_total(rows + 9u, place, totals.outputs[9]); }
    if OUTPUTS > 10u { store_total(rows + 10u, place, totals.outputs[10]); }
    if OUTPUTS > 11u { store_total(rows + 11u, place, totals.outputs[11]); }
    store_total(rows + OUTPUTS, place, totals.independent);
}

// Totals of an invocation's draws. All indices are constants once functions are inlined, so that they can lie in registers.
struct Sums {
    outputs: array<Wide, MAX_OUTPUTS>,
    independent: Wide,
}

// The logarithms of a model's factors, shared effects included, and what the independent headline needs.
struct Factors {
    logs: array<I, SLOTS>,
    // log2 X before shared effects, where 1 + X is what is sampled.
    shifted_own: I,
    // The slots of factors that are functions of their standard normal and of their shared effects together, as bits.
    joint: u32,
    // Of these: the standard normal, and what their shared effects make of the logarithm.
    normals: array<I, SLOTS>,
    of_effects: array<I, SLOTS>,
    // Bit s: the factor of slot s is exactly zero.
    zeros: U,
}

// One model in an invocation's draws.
struct Drawn {
    factors: Factors,
    draws: Draws,
    place: u32,
    split: u32,
    live: B,
    // Logarithms of the headline and of the denominator, what `exp2` makes of them, and the draws in which they are zero.
    headline: I,
    denominator: I,
    headline_fraction: U,
    denominator_fraction: U,
    headline_zero: B,
    denominator_zero: B,
}

fn add_model(m: u32, draws: Draws, place: u32, live: B, split: u32, sums: ptr<function, Sums>) {
    var model: Drawn;
    model.draws = draws;
    model.place = place;
    model.split = split;
    model.live = live;
    model.factors = sample_factors(m, window.models[m].key, draws, place);
    if OUTPUTS > 0u { (*sums).outputs[0] = add_output(0u, m, &model, (*sums).outputs[0]); }
    if OUTPUTS > 1u { (*sums).outputs[1] = add_output(1u, m, &model, (*sums).outputs[1]); }
    if OUTPUTS > 2u { (*sums).outputs[2] = add_output(2u, m, &model, (*sums).outputs[2]); }
    if OUTPUTS > 3u { (*sums).outputs[3] = add_output(3u, m, &model, (*sums).outputs[3]); }
    if OUTPUTS > 4u { (*sums).outputs[4] = add_output(4u, m, &model, (*sums).outputs[4]); }
    if OUTPUTS > 5u { (*sums).outputs[5] = add_output(5u, m, &model, (*sums).outputs[5]); }
    if OUTPUTS > 6u { (*sums).outputs[6] = add_output(6u, m, &model, (*sums).outputs[6]); }
    if OUTPUTS > 7u { (*sums).outputs[7] = add_output(7u, m, &model, (*sums).outputs[7]); }
    if OUTPUTS > 8u { (*sums).outputs[8] = add_output(8u, m, &model, (*sums).outputs[8]); }
    if OUTPUTS > 9u { (*sums).outputs[9] = add_output(9u, m, &model, (*sums).outputs[9]); }
    if OUTPUTS > 10u { (*sums).outputs[10] = add_output(10u, m, &model, (*sums).outputs[10]); }
    if OUTPUTS > 11u { (*sums).outputs[11] = add_output(11u, m, &model, (*sums).outputs[11]); }
    let outputs = window.models[m].outputs;
    let has_headline = (outputs & (1u << HEADLINE)) != 0u;
    let has_denominator = DENOMINATOR < OUTPUTS && (outputs & (1u << DENOMINATOR)) != 0u;
    let in_tile = window.first + m;
    let at = in_tile * MODEL_SUMS;
    if has_headline {
        add_headline(m, &model, sums);
        if HAS_GROUPS {
            add_to_groups(m, 0u, model.headline_fraction, model.headline, place, split);
        }
    }
    if HAS_GROUPS && has_denominator {
        add_to_groups(m, 1u, model.denominator_fraction, model.denominator, place, split);
    }
    if HAS_ZEROS && has_denominator {
        add_counter(at + RATIO_UNDEFINED, live & model.denominator_zero);
    }
    if has_headline && has_denominator {
        let y = model.headline - model.denominator;
        var counted = live;
        if HAS_ZEROS {
            add_counter(at + RATIO_ZEROS, live & model.headline_zero & !model.denominator_zero);
            counted = live & !model.headline_zero & !model.denominator_zero;
        }
        summarise(at + 16u, at + RATIO_CEILING, (2u * in_tile + 1u) * BINS, y, exp2_fraction(y), counted, window.models[m].ratio);
    }
}

// Adds one output of a model to its total, and keeps what its role needs.
fn add_output(output: u32, m: u32, model: ptr<function, Drawn>, total: Wide) -> Wide {
    let is_headline = output == HEADLINE;
    let is_denominator = output == DENOMINATOR;
    let is_kept = ((KEPT >> output) & 1u) != 0u;
    if !(is_kept || is_headline || is_denominator) || (window.models[m].outputs & (1u << output)) == 0u {
        return total;
    }
    let first = window.models[m].products[output];
    var y = product(first, (*model).factors.logs);
    var zero = is_zero(first, (*model).factors.zeros);
    //@ if HAS_SUMS
    if HAS_SUMS {
        let counts = window.models[m].more;
        let begin = window.models[m].first_more + more_before(counts, output);
        for (var k = 0u; k < more_products(counts, output); k++) {
            let next = more[begin + k];
            y = log_sum(y, product(next, (*model).factors.logs));
            zero &= is_zero(next, (*model).factors.zeros);
        }
    }
    //@ end
    let h = exp2_fraction(y);
    if is_headline {
        (*model).headline = y;
        (*model).headline_fraction = h;
        (*model).headline_zero = zero;
    }
    if is_denominator {
        (*model).denominator = y;
        (*model).denominator_fraction = h;
        (*model).denominator_zero = zero;
    }
    if is_kept {
        return total_add(total, h, y, unit_of(output));
    }
    return total;
}

fn unit_of(output: u32) -> i32 {
    return params.units[output >> 2u][output & 3u];
}

fn is_zero(record: ProductRecord, zeros: U) -> B {
    if HAS_ZEROS {
        return (zeros & U(record.zeros & 0xffffu)) != U(0u);
    }
    return B(false);
}

// The model's own summary of its headline, and the headline with independent effects.
fn add_headline(m: u32, model: ptr<function, Drawn>, sums: ptr<function, Sums>) {
    let y = (*model).headline;
    let h = (*model).headline_fraction;
    let in_tile = window.first + m;
    let at = in_tile * MODEL_SUMS;
    let live = (*model).live;
    var counted = live;
    if HAS_ZEROS {
        add_counter(at + HEADLINE_ZEROS, live & (*model).headline_zero);
        counted = live & !(*model).headline_zero;
    }
    summarise(at, at + HEADLINE_CEILING, 2u * in_tile * BINS, y, h, counted, window.models[m].headline);
    if HAS_SHARED {
        let first = window.models[m].products[HEADLINE];
        var separate = y;
        var fraction = h;
        let counts = window.models[m].more;
        let n = more_products(counts, HEADLINE);
        if (first.zeros & SHARES) != 0u || (HAS_SUMS && n > 0u) {
            separate = separate_shared(m, first, model);
            //@ if HAS_SUMS
            if HAS_SUMS {
                let begin = window.models[m].first_more + more_before(counts, HEADLINE);
                for (var k = 0u; k < n; k++) {
                    separate = log_sum(separate, separate_shared(m, more[begin + k], model));
                }
            }
            //@ end
            fraction = exp2_fraction(separate);
        }
        (*sums).independent = total_add((*sums).independent, fraction, separate, unit_of(HEADLINE));
    }
}

fn sample_factors(m: u32, key: vec2<u32>, draws: Draws, place: u32) -> Factors {
    var factors: Factors;
    let first = stream_words(draws, params.seed, DOMAIN_OWN, 0u, key);
    factors.logs[0] = factor(m, 0u, first.a, place, &factors);
    factors.logs[1] = factor(m, 1u, first.b, place, &factors);
    factors.logs[2] = factor(m, 2u, first.c, place, &factors);
    factors.logs[3] = factor(m, 3u, first.d, place, &factors);
    if HAS_MIDDLE_SLOTS || HAS_LAST_SLOTS {
        let second = stream_words(draws, params.seed, DOMAIN_OWN, 1u, key);
        factors.logs[4] = factor(m, 4u, second.a, place, &factors);
        factors.logs[5] = factor(m, 5u, second.b, place, &factors);
        //@ if HAS_LAST_SLOTS
        if HAS_LAST_SLOTS {
            let third = stream_words(draws, params.seed, DOMAIN_OWN, 2u, key);
            factors.logs[6] = factor(m, 6u, second.c, place, &factors);
            factors.logs[7] = factor(m, 7u, second.d, place, &factors);
            factors.logs[8] = factor(m, 8u, third.a, place, &factors);
            // A second reading of slot 5, and two of one fact.
            factors.logs[9] = factor(m, 9u, second.b, place, &factors);
            factors.logs[10] = factor(m, 10u, third.b, place, &factors);
            factors.logs[11] = factor(m, 11u, third.b, place, &factors);
        }
        //@ end
    } else {
        factors.logs[4] = shared_log(window.models[m].slots[4].cell, place);
        factors.logs[5] = shared_log(window.models[m].slots[5].cell, place);
    }
    //@ if HAS_BOUNDED || HAS_RANKED
    sample_joint(m, key, draws, place, &factors);
    //@ end
    return factors;
}

// The logarithm of one factor, shared effects included.
fn factor(m: u32, slot: u32, words: U, place: u32, factors: ptr<function, Factors>) -> I {
    let record = window.models[m].slots[slot];
    let kind = record.kind & 0xffu;
    let shared_part = shared_log(record.cell, place);
    var own = own_part(record, words);
    if is_joint(record) {
        (*factors).joint |= 1u << slot;
        (*factors).normals[slot] = own;
        return I(0);
    }
    note_zeros(m, slot, own, factors);
    if slot == SHIFTED && kind >= ONE_PLUS_AFFINE {
        own += I(record.loc);
        (*factors).shifted_own = own;
        return one_plus(own + shared_part);
    }
    return own + shared_part;
}

fn note_zeros(m: u32, slot: u32, own: I, factors: ptr<function, Factors>) {
    if HAS_ZEROS {
        let zero = (own == I(ZERO_LOG2)) & B(((window.models[m].zeros >> slot) & 1u) != 0u);
        (*factors).zeros |= U(zero) << U(slot);
    }
}

//@ if HAS_BOUNDED || HAS_RANKED
// The factors that are functions of their standard normal and of their shared effects together; and what these effects
// make of the logarithm: how much more it is than with a normal of the model's own in their place (of a bounded one), or
// without them (of a ranked one). One loop: a copy of these functions for each slot takes some drivers minutes to compile.
fn sample_joint(m: u32, key: vec2<u32>, draws: Draws, place: u32, factors: ptr<function, Factors>) {
    for (var rest = (*factors).joint; rest != 0u; rest &= rest - 1u) {
        let slot = firstTrailingBit(rest);
        let record = window.models[m].slots[slot];
        let z = in_slot((*factors).normals, slot);
        let log = joint_log(record, slot, z, shared_log(record.cell, place));
        note_zeros(m, slot, log, factors);
        (*factors).logs = with_slot((*factors).logs, slot, log);
        if HAS_SHARED {
            var separate: I;
            if HAS_BOUNDED && (record.kind & 0xffu) == BOUNDED {
                let words = stream_words(draws, params.seed, DOMAIN_INDEPENDENT, 0u, key);
                separate = bounded(record, z, affine(window.models[m].independent_bounded_scale, inverse_normal(words.c)));
            } else {
                separate = shaped(record, z);
            }
            (*factors).of_effects = with_slot((*factors).of_effects, slot, log - separate);
        }
    }
}

// A slot's value, and all of them with another one there: the slot is not a constant, the indices are.
fn in_slot(values: array<I, SLOTS>, slot: u32) -> I {
    var found = select(values[0], values[1], slot == 1u);
    found = select(found, values[2], slot == 2u);
    found = select(found, values[3], slot == 3u);
    found = select(found, values[4], slot == 4u);
    found = select(found, values[5], slot == 5u);
    //@ if HAS_LAST_SLOTS
    found = select(found, values[6], slot == 6u);
    found = select(found, values[7], slot == 7u);
    found = select(found, values[8], slot == 8u);
    found = select(found, values[9], slot == 9u);
    found = select(found, values[10], slot == 10u);
    found = select(found, values[11], slot == 11u);
    //@ end
    return found;
}

fn with_slot(values: array<I, SLOTS>, slot: u32, value: I) -> array<I, SLOTS> {
    var next = values;
    next[0] = select(values[0], value, slot == 0u);
    next[1] = select(values[1], value, slot == 1u);
    next[2] = select(values[2], value, slot == 2u);
    next[3] = select(values[3], value, slot == 3u);
    next[4] = select(values[4], value, slot == 4u);
    next[5] = select(values[5], value, slot == 5u);
    //@ if HAS_LAST_SLOTS
    next[6] = select(values[6], value, slot == 6u);
    next[7] = select(values[7], value, slot == 7u);
    next[8] = select(values[8], value, slot == 8u);
    next[9] = select(values[9], value, slot == 9u);
    next[10] = select(values[10], value, slot == 10u);
    next[11] = select(values[11], value, slot == 11u);
    //@ end
    return next;
}
//@ end

fn shared_log(cell: u32, place: u32) -> I {
    if HAS_SHARED {
        if cell != 0u {
            return logs[(cell - 1u) * params.stride + place];
        }
    }
    return I(0);
}

// Adds a model's headline (`which` 0) or denominator (1) to the totals of its groups.
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
