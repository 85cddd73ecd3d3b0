// What every dispatch is given. Mirrored by `Params` in `src/engine/gpu/layout.rs`, field by field.

struct Params {
    seed: vec2<u32>,
    // Number of the stretch's first draw: 40 bits.
    first: vec2<u32>,
    // Draws in the stretch, and invocations' worth of draws from one row of a per-draw buffer to the next.
    draws: u32,
    stride: u32,
    // Models of the window that this dispatch leaves out at its beginning, and takes at most; between how many
    // workgroups they are split.
    skip: u32,
    take: u32,
    splits: u32,
    // Shared effects, sums of them, groups, and how many of the groups are kept draw by draw.
    effects: u32,
    cells: u32,
    groups: u32,
    kept_groups: u32,
    // Blocks of corners.
    blocks: u32,
    padding_0: u32,
    padding_1: u32,
    // Units of the totals by output, four in each.
    units: array<vec4<i32>, 3>,
}

@group(0) @binding(0) var<uniform> params: Params;

const WORKGROUP: u32 = 64u;

// Which of an invocation's draws exist.
fn live_draws(invocation: u32) -> B {
    return (U(LANES * invocation) + lane_numbers()) < U(params.draws);
}
