// One factor of one model: how it lies in memory, and its own logarithm, before shared effects.
// Twin of `model_block::sample_own` in `src/engine/model_block.rs`.

const SLOTS: u32 = 6u;
const PUE: u32 = 2u;

const NONE: u32 = 0u;
const AFFINE: u32 = 1u;
const TABLE: u32 = 2u;
const ONE_PLUS_AFFINE: u32 = 3u;
const ONE_PLUS_TABLE: u32 = 4u;
const ONE_PLUS_CONSTANT: u32 = 5u;

// Whether the plan has any of these; what is absent costs nothing.
override HAS_SHARED: bool = true;
override HAS_TABLES: bool = true;
override HAS_LAST_SLOTS: bool = true; // random factors in slots 4 and 5

// Mirrored by `SlotRecord` in `src/engine/gpu/layout.rs`, field by field.
struct SlotRecord {
    // Marginal in the lowest byte, log2 of a table's cells in the next.
    kind: u32,
    // Scale (Q5.26), or the entry where a table begins.
    parameter: u32,
    // Location of log2(PUE − 1).
    loc: i32,
    // 1 + the cell of shared effects (`model_block`) or the sum of those of one group (`corner_block`); 0 for none.
    cell: u32,
}

fn own_log(record: SlotRecord, words: U) -> I {
    let kind = record.kind & 0xffu;
    var own = I(0);
    if kind != NONE && kind != ONE_PLUS_CONSTANT {
        let z = inverse_normal(words);
        if HAS_TABLES && (kind == TABLE || kind == ONE_PLUS_TABLE) {
            own = table_values(record.parameter, record.kind >> 8u, z);
        } else {
            own = affine(bitcast<i32>(record.parameter), z);
        }
    }
    return own;
}

// The power of a slot's factor in a product: 4 bits each.
fn power(signs: u32, slot: u32) -> i32 {
    return extractBits(bitcast<i32>(signs), 4u * slot, 4u);
}
