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
// Whether effects of several groups act on the shifted factor of some model.
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
    // Into `more`, and how many there are of each output, in 2 bits.
    first_more: u32,
    more: u32,
    padding_0: u32,
    padding_1: u32,
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
// By extra: sum of effects, and the slot it acts on; in the upper half of the latter, where it is within a joint shifted factor,
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
    // Of a joint shifted factor: the effects beyond its first group, and the whole by combination of sides.
    joint_second: I,
    joint_change: array<I, 2>,
    joint: array<I, 8>,
    // By factor that is a function of its own part and its shared effects together: what effects of a further group
    // change, and what both change together.
    one: array<I, SLOTS>,
    both: array<I, SLOTS>,
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
    let slot_2 = element(m, SHIFTED, a.c, b.c, place);
    let slot_3 = element(m, 3u, a.d, b.d, place);
    set_element(elements, 0u, slot_0);
    set_element(elements, 1u, slot_1);
    set_element(elements, SHIFTED, slot_2);
    set_element(elements, 3u, slot_3);
    if HAS_MIDDLE_SLOTS || HAS_LAST_SLOTS {
        let a_second = stream_words(draws, params.seed, DOMAIN_OWN, 1u, key);
        let b_second = stream_words(draws, params.seed, DOMAIN_OWN_SECOND, 1u, key);
        set_element(elements, 4u, element(m, 4u, a_second.a, b_second.a, place));
        set_element(elements, 5u, element(m, 5u, a_second.b, b_second.b, place));
        //@ if HAS_LAST_SLOTS
        if HAS_LAST_SLOTS {
            let a_third = stream_words(draws, params.seed, DOMAIN_OWN, 2u, key);
            let b_third = stream_words(draws, params.seed, DOMAIN_OWN_SECOND, 2u, key);
            set_element(elements, 6u, element(m, 6u, a_second.c, b_second.c, place));
            set_element(elements, 7u, element(m, 7u, a_second.d, b_second.d, place));
            set_element(elements, 8u, element(m, 8u, a_third.a, b_third.a, place));
            // A second reading of slot 5, and two of one fact.
            set_element(elements, 9u, element(m, 9u, a_second.b, b_second.b, place));
            set_element(elements, 10u, element(m, 10u, a_third.b, b_third.b, place));
            set_element(elements, 11u, element(m, 11u, a_third.b, b_third.b, place));
        }
        //@ end
    } else {
        set_element(elements, 4u, shared_sides(window.models[m].slots[4].cell, place));
        set_element(elements, 5u, shared_sides(window.models[m].slots[5].cell, place));
    }
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
            let none = (*elements).second[SHIFTED] + (*elements).joint_second;
            let first = (*elements).change[SHIFTED];
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
            (*elements).second[SHIFTED] = I(0);
            (*elements).change[SHIFTED] = I(0);
        }
    }
}

fn set_element(elements: ptr<function, Elements>, slot: u32, sides: Sides) {
    (*elements).second[slot] = sides.second;
    (*elements).change[slot] = sides.change;
    if HAS_BOUNDED || HAS_RANKED {
        (*elements).one[slot] = sides.one;
        (*elements).both[slot] = sides.both;
    }
}

// Sample B, and what A changes; of a joint factor also what A changes in the effects of a further group, and in both.
struct Sides {
    second: I,
    change: I,
    one: I,
    both: I,
}

fn shared_sides(cell: u32, place: u32) -> Sides {
    if HAS_SHARED {
        if cell != 0u {
            let at = (cell - 1u) * params.stride + place;
            let second = logs_second[at];
            return Sides(second, logs[at] - second, I(0), I(0));
        }
    }
    return Sides(I(0), I(0), I(0), I(0));
}

// Marks of extras of a joint factor.
const ONE: u32 = 8u;
const BOTH: u32 = 9u;

// 1 + the sum of the effects of a further group on a joint factor; 0 for none.
fn other_part(m: u32, slot: u32) -> u32 {
    for (var i = 0u; i < window.models[m].extras; i++) {
        let entry = extras[window.models[m].first_extra + i];
        if entry.y == (slot | (ONE << 16u)) {
            return entry.x + 1u;
        }
    }
    return 0u;
}

// A factor that is a function of its standard normal and of its shared effects together, at all sides of both groups.
fn joint_element(m: u32, slot: u32, words_a: U, words_b: U, place: u32) -> Sides {
    let record = window.models[m].slots[slot];
    let z_a = own_part(record, words_a);
    let z_b = own_part(record, words_b);
    let own = shared_sides(record.cell, place);
    let part = other_part(m, slot);
    let other = shared_sides(part, place);
    let b = own.second + other.second;
    let neither = joint_log(record, slot, z_b, b);
    let first = joint_log(record, slot, z_a, b + own.change);
    var one = I(0);
    var both = I(0);
    if part != 0u {
        one = joint_log(record, slot, z_b, b + other.change) - neither;
        both = joint_log(record, slot, z_a, b + own.change + other.change) - first - one;
    }
    return Sides(neither, first - neither, one, both);
}

// The value of a slot that is not a constant.
fn of_slot(values: ptr<function, array<I, SLOTS>>, slot: u32) -> I {
    var value = select(I(0), (*values)[0], slot == 0u)
        + select(I(0), (*values)[1], slot == 1u)
        + select(I(0), (*values)[2], slot == 2u)
        + select(I(0), (*values)[3], slot == 3u)
        + select(I(0), (*values)[4], slot == 4u)
        + select(I(0), (*values)[5], slot == 5u);
    //@ if HAS_LAST_SLOTS
    if HAS_LAST_SLOTS {
        value += select(I(0), (*values)[6], slot == 6u)
            + select(I(0), (*values)[7], slot == 7u)
            + select(I(0), (*values)[8], slot == 8u)
            + select(I(0), (*values)[9], slot == 9u)
            + select(I(0), (*values)[10], slot == 10u)
            + select(I(0), (*values)[11], slot == 11u);
    }
    //@ end
    return value;
}

// One factor with the shared effects of its own group.
fn element(m: u32, slot: u32, words_a: U, words_b: U, place: u32) -> Sides {
    let record = window.models[m].slots[slot];
    if HAS_BOUNDED || HAS_RANKED {
        if is_joint(record) {
            return joint_element(m, slot, words_a, words_b, place);
        }
    }
    let effects = shared_sides(record.cell, place);
    let own_b = own_part(record, words_b);
    var second = own_b + effects.second;
    var change = own_part(record, words_a) - own_b + effects.change;
    if slot == SHIFTED && (record.kind & 0xffu) >= ONE_PLUS_AFFINE {
        second += I(record.loc);
        if !HAS_JOINT || blocks[0].joint == 0u {
            let at_b = one_plus(second);
            change = one_plus(second + change) - at_b;
            second = at_b;
        }
    }
    return Sides(second, change, I(0), I(0));
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
    let joint = entry.y >> 16u;
    if HAS_BOUNDED || HAS_RANKED {
        if joint >= ONE {
            var values = (*elements).one;
            if joint == BOTH {
                values = (*elements).both;
            }
            return of_slot(&values, entry.y & 0xffffu);
        }
    }
    let sides = shared_sides(entry.x + 1u, place);
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
    //@ if HAS_LAST_SLOTS
    if HAS_LAST_SLOTS {
        (*elements).second[6] += select(I(0), sides.second, slot == 6u);
        (*elements).second[7] += select(I(0), sides.second, slot == 7u);
        (*elements).second[8] += select(I(0), sides.second, slot == 8u);
        (*elements).second[9] += select(I(0), sides.second, slot == 9u);
        (*elements).second[10] += select(I(0), sides.second, slot == 10u);
        (*elements).second[11] += select(I(0), sides.second, slot == 11u);
    }
    //@ end
    return sides.change;
}

// The elements with the powers of one product.
struct Signed {
    second: I,
    change: array<I, SLOTS>,
    extra: array<FourLogs, 4>,
    shifted: I,
}

// Adds a model at the four corners of a block.
fn add_four(b: u32, m: u32, elements: ptr<function, Elements>, totals: Four) -> Four {
    let output = blocks[b].output;
    let unit = blocks[b].unit;
    let masks = blocks[b].masks;
    var y = four_corners(masks, window.models[m].products[output], elements);
    //@ if HAS_SUMS
    if HAS_SUMS {
        let counts = window.models[m].more;
        let begin = window.models[m].first_more + more_before(counts, output);
        for (var k = 0u; k < more_products(counts, output); k++) {
            let next = four_corners(masks, more[begin + k], elements);
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

// The logarithms of a product at four corners.
fn four_corners(masks: vec4<u32>, record: ProductRecord, elements: ptr<function, Elements>) -> FourLogs {
    var signed: Signed;
    signed.second = product(record, (*elements).second);
    signed.change[0] = slot_power(record, 0u) * (*elements).change[0];
    signed.change[1] = slot_power(record, 1u) * (*elements).change[1];
    signed.change[2] = slot_power(record, 2u) * (*elements).change[2];
    signed.change[3] = slot_power(record, 3u) * (*elements).change[3];
    signed.change[4] = slot_power(record, 4u) * (*elements).change[4];
    signed.change[5] = slot_power(record, 5u) * (*elements).change[5];
    //@ if HAS_LAST_SLOTS
    if HAS_LAST_SLOTS {
        signed.change[6] = slot_power(record, 6u) * (*elements).change[6];
        signed.change[7] = slot_power(record, 7u) * (*elements).change[7];
        signed.change[8] = slot_power(record, 8u) * (*elements).change[8];
        signed.change[9] = slot_power(record, 9u) * (*elements).change[9];
        signed.change[10] = slot_power(record, 10u) * (*elements).change[10];
        signed.change[11] = slot_power(record, 11u) * (*elements).change[11];
    }
    //@ end
    signed.shifted = slot_power(record, SHIFTED);
    if HAS_EXTRAS {
        signed.extra[0] = signed_extras(record, (*elements).extra_slots[0], (*elements).extra[0]);
        if MANY_EXTRAS {
            signed.extra[1] = signed_extras(record, (*elements).extra_slots[1], (*elements).extra[1]);
            signed.extra[2] = signed_extras(record, (*elements).extra_slots[2], (*elements).extra[2]);
            signed.extra[3] = signed_extras(record, (*elements).extra_slots[3], (*elements).extra[3]);
        }
    }
    return FourLogs(
        at_corner(masks.x, &signed, elements),
        at_corner(masks.y, &signed, elements),
        at_corner(masks.z, &signed, elements),
        at_corner(masks.w, &signed, elements),
    );
}

fn slot_power(record: ProductRecord, slot: u32) -> I {
    return I(power(select(record.signs, record.last_signs, slot >= 8u), slot));
}

fn signed_extras(record: ProductRecord, slots: vec4<u32>, extra: FourLogs) -> FourLogs {
    return FourLogs(
        slot_power(record, slots.x) * extra.a,
        slot_power(record, slots.y) * extra.b,
        slot_power(record, slots.z) * extra.c,
        slot_power(record, slots.w) * extra.d,
    );
}

fn at_corner(mask: u32, signed: ptr<function, Signed>, elements: ptr<function, Elements>) -> I {
    var y = (*signed).second
        + (side(mask, 0u) & (*signed).change[0])
        + (side(mask, 1u) & (*signed).change[1])
        + (side(mask, 2u) & (*signed).change[2])
        + (side(mask, 3u) & (*signed).change[3]);
    if HAS_MIDDLE_SLOTS || HAS_LAST_SLOTS || HAS_SHARED {
        y += (side(mask, 4u) & (*signed).change[4]) + (side(mask, 5u) & (*signed).change[5]);
    }
    //@ if HAS_LAST_SLOTS
    if HAS_LAST_SLOTS {
        y += (side(mask, 6u) & (*signed).change[6])
            + (side(mask, 7u) & (*signed).change[7])
            + (side(mask, 8u) & (*signed).change[8])
            + (side(mask, 9u) & (*signed).change[9])
            + (side(mask, 10u) & (*signed).change[10])
            + (side(mask, 11u) & (*signed).change[11]);
    }
    //@ end
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
        y += (*signed).shifted * select(low, high, third);
    }
    return y;
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
