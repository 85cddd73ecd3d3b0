// All tables in one buffer, in entries of two words: what `src/engine/gpu/layout.rs` packs.

@group(0) @binding(1) var<storage, read> tables: array<vec2<u32>>;

// Where each begins; the marginals' tables follow.
const INVERSE_NORMAL_AT: u32 = 0u;
const ONE_PLUS_AT: u32 = 8192u;
const LOG2_AT: u32 = 11265u;
const LOG_CDF_AT: u32 = 11522u;
const UPPER_AT: u32 = 19714u;
