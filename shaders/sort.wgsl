// Kernels: one pass of a radix sort of 64-bit words (low word, high word), by one digit of 4 bits, in three dispatches:
// `sort_count`, `sort_scan`, `sort_scatter`. Twin of `sort.rs`; run by `src/engine/gpu/reduce.rs`.
//
// Passes go from the lowest digit to the highest, and each keeps the order of words with the same digit. For that, an
// invocation takes a span of consecutive words, a workgroup a tile of consecutive spans, and a word's place is the
// number of words that come before it: those with smaller digits, those of its digit in the tiles before, in the spans
// of its tile before, and in its own span before. (A counting sort with one counter by invocation and digit: Zagha and
// Blelloch, "Radix sort for vector multiprocessors", 1991, doi:10.1145/125826.126164.)

struct SortParams {
    // Words to sort, and tiles that they make.
    words: u32,
    tiles: u32,
    // Words of a span, at most 1023: a tile's counts stay below 2^16.
    span: u32,
    // Which digit, the lowest 0, the highest 15.
    digit: u32,
}

@group(1) @binding(0) var<uniform> sort_params: SortParams;
@group(0) @binding(0) var<storage, read> unsorted: array<vec2<u32>>;
@group(0) @binding(1) var<storage, read_write> sorted: array<vec2<u32>>;
// By digit, then by tile: words there, then words of that digit in the tiles before.
@group(0) @binding(2) var<storage, read_write> tile_counts: array<u32>;
// By digit: words.
@group(0) @binding(3) var<storage, read_write> digit_counts: array<u32>;

const WORKGROUP: u32 = 64u;
const DIGITS: u32 = 16u;

// By digit below 8, then by invocation: counts of that digit (lower half) and of the digit 8 higher (upper half).
var<workgroup> columns: array<u32, 512>; // 8 · WORKGROUP
// Sums of eight neighbouring columns.
var<workgroup> sums: array<u32, 64>; // WORKGROUP
// Where each digit's first word of this tile goes.
var<workgroup> starts: array<u32, 16>; // DIGITS

fn digit_of(word: vec2<u32>) -> u32 {
    let half = select(word.x, word.y, sort_params.digit >= 8u);
    return (half >> (4u * (sort_params.digit & 7u))) & 15u;
}

fn column(digit: u32, local: u32) -> u32 {
    return (digit & 7u) * WORKGROUP + local;
}

// By how much a digit's count is shifted in its column.
fn upper(digit: u32) -> u32 {
    return (digit >> 3u) << 4u;
}

// The span of an invocation, empty after the end.
fn span_of(tile: u32, local: u32) -> vec2<u32> {
    let first = min((tile * WORKGROUP + local) * sort_params.span, sort_params.words);
    return vec2<u32>(first, min(first + sort_params.span, sort_params.words));
}

// Fills `columns` and `sums`. Uniform control flow.
fn count_tile(span: vec2<u32>, local: u32) {
    for (var row = 0u; row < 8u; row++) {
        columns[row * WORKGROUP + local] = 0u;
    }
    // No barrier: until the one below, an invocation touches its own columns only.
    for (var i = span.x; i < span.y; i++) {
        let digit = digit_of(unsorted[i]);
        columns[column(digit, local)] += 1u << upper(digit);
    }
    workgroupBarrier();
    // Columns 8 · local and after: those of row local / 8, of invocations from 8 · (local % 8) on.
    var sum = 0u;
    for (var i = 0u; i < 8u; i++) {
        sum += columns[8u * local + i];
    }
    sums[local] = sum;
    workgroupBarrier();
}

// Words by digit in each tile.
@compute @workgroup_size(64)
fn sort_count(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>) {
    count_tile(span_of(group.x, local), local);
    if local < DIGITS {
        var sum = 0u;
        for (var i = 0u; i < 8u; i++) {
            sum += sums[8u * (local & 7u) + i];
        }
        tile_counts[local * sort_params.tiles + group.x] = (sum >> upper(local)) & 0xffffu;
    }
}

// A workgroup for each digit: from words in each tile to words in the tiles before.
@compute @workgroup_size(64)
fn sort_scan(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let tiles = sort_params.tiles;
    let row = group.x * tiles;
    let each = (tiles + WORKGROUP - 1u) >> 6u;
    let first = min(local * each, tiles);
    let end = min(first + each, tiles);
    var sum = 0u;
    for (var i = first; i < end; i++) {
        sum += tile_counts[row + i];
    }
    sums[local] = sum;
    workgroupBarrier();
    var before = 0u;
    for (var i = 0u; i < local; i++) {
        before += sums[i];
    }
    for (var i = first; i < end; i++) {
        let here = tile_counts[row + i];
        tile_counts[row + i] = before;
        before += here;
    }
    if local == WORKGROUP - 1u {
        digit_counts[group.x] = before;
    }
}

// Every word to its place.
@compute @workgroup_size(64)
fn sort_scatter(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let span = span_of(group.x, local);
    count_tile(span, local);
    // From words in each span to words in the spans before, both halves at once: neither passes 2^16.
    var before = 0u;
    for (var i = local & 56u; i < local; i++) {
        before += sums[i];
    }
    for (var i = 0u; i < 8u; i++) {
        let here = columns[8u * local + i];
        columns[8u * local + i] = before;
        before += here;
    }
    if local < DIGITS {
        var start = tile_counts[local * sort_params.tiles + group.x];
        for (var digit = 0u; digit < local; digit++) {
            start += digit_counts[digit];
        }
        starts[local] = start;
    }
    workgroupBarrier();
    for (var i = span.x; i < span.y; i++) {
        let word = unsorted[i];
        let digit = digit_of(word);
        let at = column(digit, local);
        let counts = columns[at];
        columns[at] = counts + (1u << upper(digit));
        sorted[starts[digit] + ((counts >> upper(digit)) & 0xffffu)] = word;
    }
}
