// Four draws at a time.
//
// An invocation works on a quad: four consecutive draws, one in each component. What does not differ between draws
// (the model, its scales and units) is a scalar, read once per quad.

alias U4 = vec4<u32>;
alias I4 = vec4<i32>;
alias B4 = vec4<bool>;

// Logarithms are Q9.22.
const LOG2_BITS: u32 = 22u;
