// Kernel: many models over four draws per invocation, at some corners of a pick-freeze design.
// Twin of `src/engine/draw/corner_block.rs`.
//
// The models of a dispatch are of one family (`src/engine/gpu/corner_layout.rs`): they depend on the groups alike, so
// that a corner means the same for all of them. Corners come in blocks of four of one output; an invocation keeps the
// totals of its draws at all corners of up to eight blocks while it walks over the models. At a corner an output's
// logarithm is that of sample B, and for every element that comes from sample A there what A changes. Elements are the
// factors, each with the shared effects of its own group, and one for each further group of effects on a factor.
//
// Slots, extras, blocks and products are walked through by loops whose ends are read from memory: a copy of the body for
// each of them takes some drivers minutes to compile.

const MAX_BLOCKS: u32 = 8u;
// Of elements beyond the factors.
const MAX_EXTRAS: u32 = 16u;
const ELEMENTS: u32 = SLOTS + MAX_EXTRAS;
const JOINT_BITS: u32 = SLOTS + MAX_EXTRAS;

// Whether effects of several groups act on the shifted factor of some model.
override HAS_JOINT: bool = true;

// One model. Mirrored by `CornerRecord` in `src/engine/gpu/corner_layout.rs`, field by field.
struct CornerRecord {
    key: vec2<u32>,
    // Into `extras`.
    first_extra: u32,
    extras: u32,
    // Into `more`, and how many there are of each output, in 2 bits.
    first_more: u32,
    more: u32,
    // Slots up to the last that the model uses.
    used: u32,
    padding: u32,
    slots: array<SlotRecord, SLOTS>,
    // By output.
    products: array<ProductRecord, MAX_OUTPUTS>,
}

// Some models of a family, as many as a uniform buffer holds. Mirrored by `CornerWindow`.
struct CornerWindow {
    first: u32,
    count: u32,
    padding_0: u32,
    padding_1: u32,
    models: array<CornerRecord, CORNER_WINDOW>,
}

const CORNER_WINDOW: u32 = 157u;

// Four corners of one output, whose totals are consecutive rows. Mirrored by `CornerBlock`.
struct CornerBlock {
    output: u32,
    row: u32,
    unit: i32,
    // Whether the family's shifted factor is computed for every combination of the sides of its groups.
    joint: u32,
    // By corner: the elements that come from sample A; then which of those combinations.
    masks: vec4<u32>,
}

@group(1) @binding(0) var<uniform> window: CornerWindow;
@group(0) @binding(2) var<uniform> blocks: array<CornerBlock, MAX_BLOCKS>;

@group(0) @binding(3) var<storage, read> logs: array<I>;
@group(0) @binding(6) var<storage, read> logs_second: array<I>;
// By extra: sum of effects, and the slot it acts on; in the upper half of the latter, where it is within a joint factor,
// its number there, or its mark.
@group(0) @binding(8) var<storage, read> extras: array<vec2<u32>>;

// The mark of an extra of a factor that is a function of its own normal and its shared effects together: what the effects of
// a further group change. The next extra is what both groups change together, with the next mark.
const ONE: u32 = 8u;
const NO_WORDS: u32 = 0xffffffffu;

struct Four {
    a: Wide,
    b: Wide,
    c: Wide,
    d: Wide,
}

struct FourLogs {
    a: I,
    b: I,
    c: I,
    d: I,
}

// The logarithms of one model's elements.
struct Elements {
    // By factor, sample B, with everything that acts on it.
    second: array<I, SLOTS>,
    // By element, what A changes.
    change: array<I, ELEMENTS>,
    // Of a shifted factor that several groups act on: the effects beyond its first group, and the whole by combination of
    // sides.
    joint_second: I,
    joint_change: array<I, 2>,
    joint: array<I, 8>,
}

@compute @workgroup_size(WORKGROUP)
fn corner_block(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) workgroup: vec3<u32>) {
    let place = id.x;
    // Rows have room for whole workgroups.
    if place >= params.stride {
        return;
    }
    let draws = draws_of(params.first, place);
    let rows = workgroup.y * params.groups;
    var totals: array<Four, MAX_BLOCKS>;
    for (var b = 0u; b < params.blocks; b++) {
        totals[b] = load_four(b, rows, place);
    }

    let models = min(params.take, window.count - params.skip);
    let per_split = (models + params.splits - 1u) / params.splits;
    let begin = min(workgroup.y * per_split, models);
    let n = min(per_split, models - begin);
    var elements: Elements;
    for (var i = 0u; i < n; i++) {
        let m = params.skip + begin + i;
        sample_elements(m, draws, place, &elements);
        for (var b = 0u; b < params.blocks; b++) {
            totals[b] = add_four(b, m, &elements, totals[b]);
        }
    }

    for (var b = 0u; b < params.blocks; b++) {
        store_four(b, rows, place, totals[b]);
    }
}

fn load_four(b: u32, rows: u32, place: u32) -> Four {
    let row = rows + blocks[b].row;
    return Four(load_total(row, place), load_total(row + 1u, place), load_total(row + 2u, place), load_total(row + 3u, place));
}

fn store_four(b: u32, rows: u32, place: u32, totals: Four) {
    let row = rows + blocks[b].row;
    store_total(row, place, totals.a);
    store_total(row + 1u, place, totals.b);
    store_total(row + 2u, place, totals.c);
    store_total(row + 3u, place, totals.d);
}

fn sample_elements(m: u32, draws: Draws, place: u32, elements: ptr<function, Elements>) {
    let key = window.models[m].key;
    // Four words of each sample, kept as long as slots read them.
    var there = NO_WORDS;
    var first: Words;
    var second: Words;
    for (var slot = 0u; slot < window.models[m].used; slot++) {
        let word = word_of(slot);
        if there != word >> 2u {
            there = word >> 2u;
            first = stream_words(draws, params.seed, DOMAIN_OWN, there, key);
            second = stream_words(draws, params.seed, DOMAIN_OWN_SECOND, there, key);
        }
        sample_element(m, slot, array<U, 2>(picked(first, word), picked(second, word)), place, elements);
    }
    if HAS_JOINT {
        (*elements).joint_second = I(0);
        (*elements).joint_change[0] = I(0);
        (*elements).joint_change[1] = I(0);
    }
    for (var i = 0u; i < window.models[m].extras; i++) {
        add_extra(m, i, place, elements);
    }
    if HAS_JOINT {
        if blocks[0].joint != 0u {
            combine_sides(elements);
        }
    }
}

// One factor with the shared effects of its own group.
fn sample_element(m: u32, slot: u32, words: array<U, 2>, place: u32, elements: ptr<function, Elements>) {
    let record = window.models[m].slots[slot];
    let effects = shared_sides(record.cell, place);
    let own = array<I, 2>(own_part(record, words[0]), own_part(record, words[1]));
    //@ if HAS_BOUNDED || HAS_RANKED
    if is_joint(record) {
        joint_element(m, slot, own, effects, place, elements);
        return;
    }
    //@ end
    var at = array<I, 2>(own[0] + effects.second + effects.change, own[1] + effects.second);
    if slot == SHIFTED && (record.kind & 0xffu) >= ONE_PLUS_AFFINE {
        for (var sample = 0u; sample < 2u; sample++) {
            at[sample] += I(record.loc);
            if !HAS_JOINT || blocks[0].joint == 0u {
                at[sample] = one_plus(at[sample]);
            }
        }
    }
    (*elements).second[slot] = at[1];
    (*elements).change[slot] = at[0] - at[1];
}

// The random word that a slot reads: `WORD` in `src/engine/plan/mod.rs`.
fn word_of(slot: u32) -> u32 {
    return select(select(slot, 5u, slot == 9u), 9u, slot >= 10u);
}

fn picked(words: Words, word: u32) -> U {
    let low = select(words.a, words.b, (word & 1u) != 0u);
    let high = select(words.c, words.d, (word & 1u) != 0u);
    return select(low, high, (word & 2u) != 0u);
}

// Sample B, and what A changes.
struct Sides {
    second: I,
    change: I,
}

fn shared_sides(cell: u32, place: u32) -> Sides {
    if HAS_SHARED {
        if cell != 0u {
            let at = (cell - 1u) * params.stride + place;
            let second = logs_second[at];
            return Sides(second, logs[at] - second);
        }
    }
    return Sides(I(0), I(0));
}

//@ if HAS_BOUNDED || HAS_RANKED
// A factor that is a function of its standard normal and of its shared effects together, at all sides of both groups.
fn joint_element(m: u32, slot: u32, own: array<I, 2>, effects: Sides, place: u32, elements: ptr<function, Elements>) {
    let record = window.models[m].slots[slot];
    let first_extra = window.models[m].first_extra;
    let mark = slot | (ONE << 16u);
    var further = MAX_EXTRAS;
    for (var i = 0u; i < window.models[m].extras; i++) {
        if extras[first_extra + i].y == mark {
            further = i;
        }
    }
    var other = Sides(I(0), I(0));
    if further < MAX_EXTRAS {
        other = shared_sides(extras[first_extra + further].x + 1u, place);
    }
    // By bits: A in the factor's own group, A in the further one.
    var values: array<I, 4>;
    for (var sides = 0u; sides < 4u; sides++) {
        let first = (sides & 1u) != 0u;
        let shared_part = effects.second + other.second
            + select(I(0), effects.change, first)
            + select(I(0), other.change, sides >= 2u);
        values[sides] = joint_log(record, slot, select(own[1], own[0], first), shared_part);
    }
    (*elements).second[slot] = values[0];
    (*elements).change[slot] = values[1] - values[0];
    if further < MAX_EXTRAS {
        (*elements).change[SLOTS + further] = values[2] - values[0];
        (*elements).change[SLOTS + further + 1u] = values[3] - values[1] - (values[2] - values[0]);
    }
}
//@ end

// What sample A changes in an element beyond the factors; sample B goes to the factor that it acts on.
fn add_extra(m: u32, i: u32, place: u32, elements: ptr<function, Elements>) {
    let entry = extras[window.models[m].first_extra + i];
    let joint = entry.y >> 16u;
    if joint >= ONE {
        return;
    }
    let sides = shared_sides(entry.x + 1u, place);
    if HAS_JOINT {
        if joint != 0u {
            (*elements).joint_second += sides.second;
            (*elements).joint_change[joint - 1u] += sides.change;
            return;
        }
    }
    (*elements).second[entry.y] += sides.second;
    (*elements).change[SLOTS + i] = sides.change;
}

// A shifted factor that several groups act on, for every combination of their sides.
fn combine_sides(elements: ptr<function, Elements>) {
    let none = (*elements).second[SHIFTED] + (*elements).joint_second;
    for (var sides = 0u; sides < 8u; sides++) {
        let log = none
            + (side(sides, 0u) & (*elements).change[SHIFTED])
            + (side(sides, 1u) & (*elements).joint_change[0])
            + (side(sides, 2u) & (*elements).joint_change[1]);
        (*elements).joint[sides] = one_plus(log);
    }
    (*elements).second[SHIFTED] = I(0);
    (*elements).change[SHIFTED] = I(0);
}

// Adds a model at the four corners of a block.
fn add_four(b: u32, m: u32, elements: ptr<function, Elements>, totals: Four) -> Four {
    let output = blocks[b].output;
    let unit = blocks[b].unit;
    var y = four_corners(b, m, window.models[m].products[output], elements);
    //@ if HAS_SUMS
    if HAS_SUMS {
        let counts = window.models[m].more;
        let begin = window.models[m].first_more + more_before(counts, output);
        for (var k = 0u; k < more_products(counts, output); k++) {
            let next = four_corners(b, m, more[begin + k], elements);
            y = FourLogs(log_sum(y.a, next.a), log_sum(y.b, next.b), log_sum(y.c, next.c), log_sum(y.d, next.d));
        }
    }
    //@ end
    return Four(
        total_add(totals.a, exp2_fraction(y.a), y.a, unit),
        total_add(totals.b, exp2_fraction(y.b), y.b, unit),
        total_add(totals.c, exp2_fraction(y.c), y.c, unit),
        total_add(totals.d, exp2_fraction(y.d), y.d, unit),
    );
}

// The logarithms of a product at the four corners of a block.
fn four_corners(b: u32, m: u32, record: ProductRecord, elements: ptr<function, Elements>) -> FourLogs {
    let masks = blocks[b].masks;
    var second = I(record.loc);
    var changes = FourLogs(I(0), I(0), I(0), I(0));
    for (var slot = 0u; slot < window.models[m].used; slot++) {
        let power = slot_power(record, slot);
        second += power * (*elements).second[slot];
        changes = add_change(changes, masks, slot, power * (*elements).change[slot]);
    }
    for (var i = 0u; i < window.models[m].extras; i++) {
        let slot = extras[window.models[m].first_extra + i].y & 0xffffu;
        changes = add_change(changes, masks, SLOTS + i, slot_power(record, slot) * (*elements).change[SLOTS + i]);
    }
    if HAS_JOINT {
        if blocks[b].joint != 0u {
            let power = slot_power(record, SHIFTED);
            let sides = (masks >> vec4<u32>(JOINT_BITS)) & vec4<u32>(7u);
            changes.a += power * (*elements).joint[sides.x];
            changes.b += power * (*elements).joint[sides.y];
            changes.c += power * (*elements).joint[sides.z];
            changes.d += power * (*elements).joint[sides.w];
        }
    }
    return FourLogs(second + changes.a, second + changes.b, second + changes.c, second + changes.d);
}

fn slot_power(record: ProductRecord, slot: u32) -> I {
    return I(power(select(record.signs, record.last_signs, slot >= 8u), slot));
}

// What sample A changes in an element, at those of four corners where it comes from it.
fn add_change(sums: FourLogs, masks: vec4<u32>, element: u32, change: I) -> FourLogs {
    return FourLogs(
        sums.a + (side(masks.x, element) & change),
        sums.b + (side(masks.y, element) & change),
        sums.c + (side(masks.z, element) & change),
        sums.d + (side(masks.w, element) & change),
    );
}

// All ones where the element comes from sample A.
fn side(mask: u32, bit: u32) -> I {
    return I(extractBits(bitcast<i32>(mask), bit, 1u));
}
