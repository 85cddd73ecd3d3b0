mod common;
use carbonhaze::engine::gpu::*;
use carbonhaze::engine::*;
use carbonhaze::plan::compile::compile;
use common::*;
#[test]
fn tries() {
    for variant in Variant::ALL { for checked in [false, true] {
        let gpu = Gpu::new(Some("llvmpipe"), Options { variant: Some(variant), checked, ..Options::default() }, None).unwrap();
        let t = std::time::Instant::now();
        println!("{} {checked} {:?} {:?}", variant.name(), gpu.self_test(), t.elapsed());
        for (seed, models, draws) in [(1u64, 1, 100), (2, 20, 1000), (3, 50, 30000), (4, 50, 3000)] {
            let plan = compile(&random_assessment(seed, models, Families::All, seed % 2 == 0)).unwrap();
            let t = std::time::Instant::now();
            let g = gpu.run(&plan, 7, 0..draws, &|_| true).unwrap();
            let tg = t.elapsed();
            let cpu = Cpu::new(2, 0, Simd::detect()).unwrap();
            let t = std::time::Instant::now();
            let c = cpu.run(&plan, 7, 0..draws, &|_| true).unwrap();
            println!("{seed}: {} {tg:?} {:?}", c == g, t.elapsed());
        }
    }}
}
