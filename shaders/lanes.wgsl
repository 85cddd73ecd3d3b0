// Four draws per invocation.
//
// U, I and B hold one number of each of an invocation's draws, which are consecutive. What does not differ between draws
// (the model, its scales and units) is a scalar, read once for all of them.

alias U = vec4<u32>;
alias I = vec4<i32>;
alias B = vec4<bool>;

const LANES: u32 = 4u;

fn lane_numbers() -> U {
    return U(0u, 1u, 2u, 3u);
}

fn sum_of(a: U) -> u32 {
    return a.x + a.y + a.z + a.w;
}

// One table entry for each draw: low words, high words.
struct Entries {
    low: U,
    high: U,
}

fn entries(at: U) -> Entries {
    let x = tables[at.x];
    let y = tables[at.y];
    let z = tables[at.z];
    let w = tables[at.w];
    return Entries(U(x.x, y.x, z.x, w.x), U(x.y, y.y, z.y, w.y));
}
