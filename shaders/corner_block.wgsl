// Kernel: many models over four draws per invocation, at some corners of a pick-freeze design.
// Twin of `src/engine/draw/corner_block.rs`.
//
// The models of a dispatch are of one family (`src/engine/gpu/corner_layout.rs`): they depend on the groups alike, so
// that a corner means the same for all of them. Corners come in blocks of four of one output; an invocation keeps the
// totals of its draws at all corners of up to eight blocks while it walks over the models. At a corner an output's
// logarithm is that of sample B, and for every element that comes from sample A there what A changes. Elements are the
// factors, each with the shared effects of its own group, and one for each further group of effects on a factor. All
// indices into an invocation's own arrays are constants, so that these can lie in registers.

const MAX_BLOCKS: u32 = 8u;
// Of elements beyond the factors.
const MAX_EXTRAS: u32 = 16u;
const EXTRA_BITS: u32 = SLOTS;
const JOINT_BITS: u32 = SLOTS + MAX_EXTRAS;

// Blocks of a dispatch.
override BLOCKS: u32 = 8u;
// Whether effects of several groups act on the PUE of some model.
override HAS_JOINT: bool = true;
// Whether some model has elements beyond the factors, and more than four.
override HAS_EXTRAS: bool = true;
override MANY_EXTRAS: bool = true;

// One model. Mirrored by `CornerRecord` in `src/engine/gpu/corner_layout.rs`, field by field.
struct CornerRecord {
    key: vec2<u32>,
    // Into `extras`.
    first_extra: u32,
    extras: u32,
    slots: array<SlotRecord, SLOTS>,
    // By output; powers of the slots in 4 bits each.
    locs: vec4<i32>,
    signs: vec4<u32>,
}

// Some models of a family, as many as a uniform buffer holds. Mirrored by `CornerWindow`.
struct CornerWindow {
    first: u32,
    count: u32,
    padding_0: u32,
    padding_1: u32,
    models: array<CornerRecord, CORNER_WINDOW>,
}

const CORNER_WINDOW: u32 = 455u;

// Four corners of one output, whose totals are consecutive rows. Mirrored by `CornerBlock`.
struct CornerBlock {
    output: u32,
    row: u32,
    unit: i32,
    // Whether the family's PUE is computed for every combination of the sides of its groups.
    joint: u32,
    // By corner: the elements that come from sample A; then which of those combinations.
    masks: vec4<u32>,
}

@group(1) @binding(0) var<uniform> window: CornerWindow;
@group(0) @binding(2) var<uniform> blocks: array<CornerBlock, MAX_BLOCKS>;

@group(0) @binding(3) var<storage, read> logs: array<I>;
@group(0) @binding(6) var<storage, read> logs_second: array<I>;
// By extra: sum of effects, and the slot it acts on; in the upper half of the latter, where it is within a joint PUE,
// its number there.
@group(0) @binding(8) var<storage, read> extras: array<vec2<u32>>;

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
    // By factor, sample B, with everything that acts on it; and what A changes in the element of that number.
    second: array<I, SLOTS>,
    change: array<I, SLOTS>,
    extra: array<FourLogs, 4>,
    extra_slots: array<vec4<u32>, 4>,
    // Of a joint PUE: the effects beyond its first group, and the whole by combination of sides.
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
    if BLOCKS > 0u { totals[0] = load_four(0u, rows, place); }
    if BLOCKS > 1u { totals[1] = load_four(1u, rows, place); }
    if BLOCKS > 2u { totals[2] = load_four(2u, rows, place); }
    if BLOCKS > 3u { totals[3] = load_four(3u, rows, place); }
    if BLOCKS > 4u { totals[4] = load_four(4u, rows, place); }
    if BLOCKS > 5u { totals[5] = load_four(5u, rows, place); }
    if BLOCKS > 6u { totals[6] = load_four(6u, rows, place); }
    if BLOCKS > 7u { totals[7] = load_four(7u, rows, place); }

    let models = min(params.take, window.count - params.skip);
    let per_split = (models + params.splits - 1u) / params.splits;
    let begin = min(workgroup.y * per_split, models);
    let n = min(per_split, models - begin);
    for (var i = 0u; i < n; i++) {
        let m = params.skip + begin + i;
        var elements: Elements;
        sample_elements(m, draws, place, &elements);
        if BLOCKS > 0u { totals[0] = add_four(0u, m, &elements, totals[0]); }
        if BLOCKS > 1u { totals[1] = add_four(1u, m, &elements, totals[1]); }
        if BLOCKS > 2u { totals[2] = add_four(2u, m, &elements, totals[2]); }
        if BLOCKS > 3u { totals[3] = add_four(3u, m, &elements, totals[3]); }
        if BLOCKS > 4u { totals[4] = add_four(4u, m, &elements, totals[4]); }
        if BLOCKS > 5u { totals[5] = add_four(5u, m, &elements, totals[5]); }
        if BLOCKS > 6u { totals[6] = add_four(6u, m, &elements, totals[6]); }
        if BLOCKS > 7u { totals[7] = add_four(7u, m, &elements, totals[7]); }
    }

    if BLOCKS > 0u { store_four(0u, rows, place, totals[0]); }
    if BLOCKS > 1u { store_four(1u, rows, place, totals[1]); }
    if BLOCKS > 2u { store_four(2u, rows, place, totals[2]); }
    if BLOCKS > 3u { store_four(3u, rows, place, totals[3]); }
    if BLOCKS > 4u { store_four(4u, rows, place, totals[4]); }
    if BLOCKS > 5u { store_four(5u, rows, place, totals[5]); }
    if BLOCKS > 6u { store_four(6u, rows, place, totals[6]); }
    if BLOCKS > 7u { store_four(7u, rows, place, totals[7]); }
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
    let a = stream_words(draws, params.seed, DOMAIN_OWN, 0u, key);
    let b = stream_words(draws, params.seed, DOMAIN_OWN_SECOND, 0u, key);
    let slot_0 = element(m, 0u, a.a, b.a, place);
    let slot_1 = element(m, 1u, a.b, b.b, place);
    let slot_2 = element(m, PUE, a.c, b.c, place);
    let slot_3 = element(m, 3u, a.d, b.d, place);
    var slot_4: Sides;
    var slot_5: Sides;
    if HAS_LAST_SLOTS {
        let a_last = stream_words(draws, params.seed, DOMAIN_OWN, 1u, key);
        let b_last = stream_words(draws, params.seed, DOMAIN_OWN_SECOND, 1u, key);
        slot_4 = element(m, 4u, a_last.a, b_last.a, place);
        slot_5 = element(m, 5u, a_last.b, b_last.b, place);
    } else {
        slot_4 = shared_sides(window.models[m].slots[4].cell, place);
        slot_5 = shared_sides(window.models[m].slots[5].cell, place);
    }
    (*elements).second[0] = slot_0.second;
    (*elements).second[1] = slot_1.second;
    (*elements).second[2] = slot_2.second;
    (*elements).second[3] = slot_3.second;
    (*elements).second[4] = slot_4.second;
    (*elements).second[5] = slot_5.second;
    (*elements).change[0] = slot_0.change;
    (*elements).change[1] = slot_1.change;
    (*elements).change[2] = slot_2.change;
    (*elements).change[3] = slot_3.change;
    (*elements).change[4] = slot_4.change;
    (*elements).change[5] = slot_5.change;
    if HAS_EXTRAS {
        (*elements).extra[0] = four_extras(m, 0u, place, elements);
        (*elements).extra_slots[0] = four_slots(m, 0u);
        if MANY_EXTRAS {
            (*elements).extra[1] = four_extras(m, 4u, place, elements);
            (*elements).extra[2] = four_extras(m, 8u, place, elements);
            (*elements).extra[3] = four_extras(m, 12u, place, elements);
            (*elements).extra_slots[1] = four_slots(m, 4u);
            (*elements).extra_slots[2] = four_slots(m, 8u);
            (*elements).extra_slots[3] = four_slots(m, 12u);
        }
    }
    if HAS_JOINT {
        if blocks[0].joint != 0u {
            let none = (*elements).second[PUE] + (*elements).joint_second;
            let first = (*elements).change[PUE];
            let second = (*elements).joint_change[0];
            let third = none + (*elements).joint_change[1];
            (*elements).joint[0] = one_plus(none);
            (*elements).joint[1] = one_plus(none + first);
            (*elements).joint[2] = one_plus(none + second);
            (*elements).joint[3] = one_plus(none + first + second);
            (*elements).joint[4] = one_plus(third);
            (*elements).joint[5] = one_plus(third + first);
            (*elements).joint[6] = one_plus(third + second);
            (*elements).joint[7] = one_plus(third + first + second);
            (*elements).second[PUE] = I(0);
            (*elements).change[PUE] = I(0);
        }
    }
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

// One factor with the shared effects of its own group.
fn element(m: u32, slot: u32, words_a: U, words_b: U, place: u32) -> Sides {
    let record = window.models[m].slots[slot];
    let effects = shared_sides(record.cell, place);
    let own_b = own_log(record, words_b);
    var second = own_b + effects.second;
    var change = own_log(record, words_a) - own_b + effects.change;
    if slot == PUE && (record.kind & 0xffu) >= ONE_PLUS_AFFINE {
        second += I(record.loc);
        if !HAS_JOINT || blocks[0].joint == 0u {
            let at_b = one_plus(second);
            change = one_plus(second + change) - at_b;
            second = at_b;
        }
    }
    return Sides(second, change);
}

fn four_slots(m: u32, first: u32) -> vec4<u32> {
    return vec4<u32>(extra_slot(m, first), extra_slot(m, first + 1u), extra_slot(m, first + 2u), extra_slot(m, first + 3u));
}

fn extra_slot(m: u32, i: u32) -> u32 {
    if i < window.models[m].extras {
        return extras[window.models[m].first_extra + i].y & 0xffffu;
    }
    return 0u;
}

fn four_extras(m: u32, first: u32, place: u32, elements: ptr<function, Elements>) -> FourLogs {
    let a = extra(m, first, place, elements);
    let b = extra(m, first + 1u, place, elements);
    let c = extra(m, first + 2u, place, elements);
    let d = extra(m, first + 3u, place, elements);
    return FourLogs(a, b, c, d);
}

// What sample A changes in an element beyond the factors; sample B goes to the factor that it acts on.
fn extra(m: u32, i: u32, place: u32, elements: ptr<function, Elements>) -> I {
    if i >= window.models[m].extras {
        return I(0);
    }
    let entry = extras[window.models[m].first_extra + i];
    let sides = shared_sides(entry.x + 1u, place);
    let joint = entry.y >> 16u;
    if HAS_JOINT {
        if joint != 0u {
            (*elements).joint_second += sides.second;
            (*elements).joint_change[0] += select(I(0), sides.change, joint == 1u);
            (*elements).joint_change[1] += select(I(0), sides.change, joint == 2u);
            return I(0);
        }
    }
    let slot = entry.y & 0xffffu;
    (*elements).second[0] += select(I(0), sides.second, slot == 0u);
    (*elements).second[1] += select(I(0), sides.second, slot == 1u);
    (*elements).second[2] += select(I(0), sides.second, slot == 2u);
    (*elements).second[3] += select(I(0), sides.second, slot == 3u);
    (*elements).second[4] += select(I(0), sides.second, slot == 4u);
    (*elements).second[5] += select(I(0), sides.second, slot == 5u);
    return sides.change;
}

// The elements with the signs of one output.
struct Signed {
    second: I,
    change: array<I, SLOTS>,
    extra: array<FourLogs, 4>,
    pue: I,
}

// Adds a model at the four corners of a block.
fn add_four(b: u32, m: u32, elements: ptr<function, Elements>, totals: Four) -> Four {
    let output = blocks[b].output;
    let unit = blocks[b].unit;
    let masks = blocks[b].masks;
    let signs = window.models[m].signs[output];
    let powers = array<I, SLOTS>(
        I(power(signs, 0u)), I(power(signs, 1u)), I(power(signs, 2u)),
        I(power(signs, 3u)), I(power(signs, 4u)), I(power(signs, 5u)),
    );
    var signed: Signed;
    signed.second = I(window.models[m].locs[output])
        + powers[0] * (*elements).second[0]
        + powers[1] * (*elements).second[1]
        + powers[2] * (*elements).second[2]
        + powers[3] * (*elements).second[3]
        + powers[4] * (*elements).second[4]
        + powers[5] * (*elements).second[5];
    signed.change[0] = powers[0] * (*elements).change[0];
    signed.change[1] = powers[1] * (*elements).change[1];
    signed.change[2] = powers[2] * (*elements).change[2];
    signed.change[3] = powers[3] * (*elements).change[3];
    signed.change[4] = powers[4] * (*elements).change[4];
    signed.change[5] = powers[5] * (*elements).change[5];
    signed.pue = powers[PUE];
    if HAS_EXTRAS {
        signed.extra[0] = signed_extras(signs, (*elements).extra_slots[0], (*elements).extra[0]);
        if MANY_EXTRAS {
            signed.extra[1] = signed_extras(signs, (*elements).extra_slots[1], (*elements).extra[1]);
            signed.extra[2] = signed_extras(signs, (*elements).extra_slots[2], (*elements).extra[2]);
            signed.extra[3] = signed_extras(signs, (*elements).extra_slots[3], (*elements).extra[3]);
        }
    }
    return Four(
        add_corner(masks.x, unit, &signed, elements, totals.a),
        add_corner(masks.y, unit, &signed, elements, totals.b),
        add_corner(masks.z, unit, &signed, elements, totals.c),
        add_corner(masks.w, unit, &signed, elements, totals.d),
    );
}

fn signed_extras(signs: u32, slots: vec4<u32>, extra: FourLogs) -> FourLogs {
    return FourLogs(
        I(power(signs, slots.x)) * extra.a,
        I(power(signs, slots.y)) * extra.b,
        I(power(signs, slots.z)) * extra.c,
        I(power(signs, slots.w)) * extra.d,
    );
}

fn add_corner(mask: u32, unit: i32, signed: ptr<function, Signed>, elements: ptr<function, Elements>, total: Wide) -> Wide {
    var y = (*signed).second
        + (side(mask, 0u) & (*signed).change[0])
        + (side(mask, 1u) & (*signed).change[1])
        + (side(mask, 2u) & (*signed).change[2])
        + (side(mask, 3u) & (*signed).change[3]);
    if HAS_LAST_SLOTS || HAS_SHARED {
        y += (side(mask, 4u) & (*signed).change[4]) + (side(mask, 5u) & (*signed).change[5]);
    }
    if HAS_EXTRAS {
        y += from_first(mask, EXTRA_BITS, (*signed).extra[0]);
        if MANY_EXTRAS {
            y += from_first(mask, EXTRA_BITS + 4u, (*signed).extra[1])
                + from_first(mask, EXTRA_BITS + 8u, (*signed).extra[2])
                + from_first(mask, EXTRA_BITS + 12u, (*signed).extra[3]);
        }
    }
    if HAS_JOINT {
        let first = (mask & (1u << JOINT_BITS)) != 0u;
        let second = (mask & (2u << JOINT_BITS)) != 0u;
        let third = (mask & (4u << JOINT_BITS)) != 0u;
        let low = select(
            select((*elements).joint[0], (*elements).joint[1], first),
            select((*elements).joint[2], (*elements).joint[3], first),
            second,
        );
        let high = select(
            select((*elements).joint[4], (*elements).joint[5], first),
            select((*elements).joint[6], (*elements).joint[7], first),
            second,
        );
        y += (*signed).pue * select(low, high, third);
    }
    return total_add(total, exp2_fraction(y), y, unit);
}

// What sample A changes in four elements, of those that come from it.
fn from_first(mask: u32, bit: u32, change: FourLogs) -> I {
    return (side(mask, bit) & change.a)
        + (side(mask, bit + 1u) & change.b)
        + (side(mask, bit + 2u) & change.c)
        + (side(mask, bit + 3u) & change.d);
}

// All ones where the element comes from sample A.
fn side(mask: u32, bit: u32) -> I {
    return I(extractBits(bitcast<i32>(mask), bit, 1u));
}
