// One factor of one model and one product of factors: how they lie in memory, and a factor's own logarithm, before
// shared effects. Twin of `src/engine/draw/factor.rs`.

const SLOTS: u32 = 12u;
// The slot that may be sampled as 1 + X.
const SHIFTED: u32 = 2u;
// The slot that may have a bound.
const BOUNDED_SLOT: u32 = 0u;
const MAX_OUTPUTS: u32 = 12u;

const NONE: u32 = 0u;
const AFFINE: u32 = 1u;
const TABLE: u32 = 2u;
const ONE_PLUS_AFFINE: u32 = 3u;
const ONE_PLUS_TABLE: u32 = 4u;
const ONE_PLUS_CONSTANT: u32 = 5u;
const GATE_BELOW: u32 = 6u;
const GATE_ABOVE: u32 = 7u;
const BOUNDED: u32 = 8u;
const RANKED_AFFINE: u32 = 9u;
const RANKED_TABLE: u32 = 10u;

// A factor equal to zero.
const ZERO_LOG2: i32 = -335544320; // −80 octaves

// Whether the plan has any of these; what is absent costs nothing.
override HAS_SHARED: bool = true;
override HAS_TABLES: bool = true;
override HAS_MIDDLE_SLOTS: bool = true; // random factors in slots 4 and 5
override HAS_LAST_SLOTS: bool = true; // anything in slots 6 and up
override HAS_GATES: bool = true;
override HAS_BOUNDED: bool = true;
override HAS_RANKED: bool = true;
override HAS_SUMS: bool = true; // outputs that are sums of several products

// Mirrored by `SlotRecord` in `src/engine/gpu/layout.rs`, field by field.
struct SlotRecord {
    // Marginal in the lowest byte; above it log2 of a table's cells, or by what a bounded factor's distance from the bound
    // is multiplied.
    kind: u32,
    // Scale (Q5.26), the entry where a table begins, or the threshold of a gate.
    parameter: u32,
    // Location of log2 X of 1 + X; the limit of a bounded factor; what is left of a ranked one's own normal (Q1.30).
    loc: i32,
    // 1 + the cell of shared effects (`model_block`) or the sum of those of one group (`corner_block`); 0 for none.
    cell: u32,
}

// Mirrored by `ProductRecord` in `src/engine/gpu/layout.rs`.
struct ProductRecord {
    loc: i32,
    // Powers of the slots in 4 bits each: the first eight, then the others.
    signs: u32,
    last_signs: u32,
    // The slots whose being zero makes the product zero; whether shared effects act on it, in bit 16.
    zeros: u32,
}

const SHARES: u32 = 65536u;

// Products beyond the first of an output: by model, output after output.
@group(0) @binding(9) var<storage, read> more: array<ProductRecord>;

// How many products an output has beyond the first; where they begin among the model's own.
fn more_products(counts: u32, output: u32) -> u32 {
    return extractBits(counts, 2u * output, 2u);
}

fn more_before(counts: u32, output: u32) -> u32 {
    let before = counts & ((1u << (2u * output)) - 1u);
    return countOneBits(before & 0x555555u) + 2u * countOneBits(before & 0xaaaaaau);
}

// A factor's own logarithm; its standard normal where shared effects act on that.
fn own_part(record: SlotRecord, words: U) -> I {
    let kind = record.kind & 0xffu;
    var own = I(0);
    if kind != NONE && kind != ONE_PLUS_CONSTANT {
        let z = inverse_normal(words);
        if (HAS_BOUNDED || HAS_RANKED) && kind >= BOUNDED {
            own = z;
        } else if HAS_TABLES && (kind == TABLE || kind == ONE_PLUS_TABLE) {
            own = table_values(record.parameter, record.kind >> 8u, z);
        //@ if HAS_GATES
        } else if HAS_GATES && kind >= GATE_BELOW {
            let above = z >= I(bitcast<i32>(record.parameter));
            own = select(I(ZERO_LOG2), I(0), above == B(kind == GATE_ABOVE));
        //@ end
        } else {
            own = affine(bitcast<i32>(record.parameter), z);
        }
    }
    return own;
}

// Whether a factor is a function of its standard normal and of its shared effects together.
fn is_joint(record: SlotRecord) -> bool {
    return (HAS_BOUNDED || HAS_RANKED) && (record.kind & 0xffu) >= BOUNDED;
}

// The logarithm of such a factor. Where the slot is a constant, what it cannot be is soon left out.
fn joint_log(record: SlotRecord, slot: u32, z: I, shared_part: I) -> I {
    let kind = record.kind & 0xffu;
    //@ if HAS_RANKED
    if HAS_RANKED && kind >= RANKED_AFFINE {
        let both = clamp(affine(record.loc, z) + shared_part, I(-(1 << 29u)), I((1 << 29u) - 1)) << U(2u);
        return shaped(record, both);
    }
    //@ end
    //@ if HAS_BOUNDED
    if HAS_BOUNDED && slot == BOUNDED_SLOT && kind == BOUNDED {
        return bounded(record, z, shared_part);
    }
    //@ end
    return I(0);
}

// A ranked factor at a standard normal.
fn shaped(record: SlotRecord, z: I) -> I {
    if HAS_TABLES && (record.kind & 0xffu) == RANKED_TABLE {
        return table_values(record.parameter, record.kind >> 8u, z);
    }
    return affine(bitcast<i32>(record.parameter), z);
}

// The power of a slot's factor in a product: 4 bits each.
fn power(signs: u32, slot: u32) -> i32 {
    return extractBits(bitcast<i32>(signs), 4u * (slot & 7u), 4u);
}

// The logarithm of a product of powers of the factors.
fn product(record: ProductRecord, logs: array<I, SLOTS>) -> I {
    let signs = record.signs;
    var y = I(record.loc)
        + I(power(signs, 0u)) * logs[0]
        + I(power(signs, 1u)) * logs[1]
        + I(power(signs, 2u)) * logs[2]
        + I(power(signs, 3u)) * logs[3]
        + I(power(signs, 4u)) * logs[4]
        + I(power(signs, 5u)) * logs[5];
    //@ if HAS_LAST_SLOTS
    if HAS_LAST_SLOTS {
        let last = record.last_signs;
        y += I(power(signs, 6u)) * logs[6]
            + I(power(signs, 7u)) * logs[7]
            + I(power(last, 8u)) * logs[8]
            + I(power(last, 9u)) * logs[9]
            + I(power(last, 10u)) * logs[10]
            + I(power(last, 11u)) * logs[11];
    }
    //@ end
    return y;
}
