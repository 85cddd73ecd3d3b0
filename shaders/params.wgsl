// What every dispatch is told. Mirrored by `Params` in `src/engine/gpu/layout.rs`, field by field.

struct Params {
    seed: vec2<u32>,
    // Number of the stretch's first draw: 40 bits.
    first: vec2<u32>,
    // Draws in the stretch, and quads from one row of a per-draw buffer to the next.
    draws: u32,
    stride: u32,
    // Models of the tile that this dispatch works on, and how many of them each of the `splits` takes.
    model: u32,
    models: u32,
    per_split: u32,
    splits: u32,
    // Shared effects, sums of them, groups, and how many of the groups are kept draw by draw.
    effects: u32,
    cells: u32,
    groups: u32,
    kept_groups: u32,
    // Whether some model's emissions depend on a shared effect.
    has_independent: u32,
    padding: u32,
    // Units of the totals: compute, IT energy, energy, emissions; then the independent emissions.
    units: vec4<i32>,
    independent_unit: vec4<i32>,
}

@group(0) @binding(0) var<uniform> params: Params;

const WORKGROUP: u32 = 64u;

// Which of a quad's draws exist.
fn live_draws(quad: u32) -> B4 {
    return (U4(4u * quad) + U4(0u, 1u, 2u, 3u)) < U4(params.draws);
}
