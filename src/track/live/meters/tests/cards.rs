//! Cards of the kernel's graphics drivers: sensors, processes, and AMD's libraries made here.

use std::process::Command;

use super::*;
use crate::track::measured::Basis;

/// Two cards: an MI300X with the command on it and one of others, and graphics inside the processor.
fn cards(tree: &Tree) {
    let card = |n: u32, slot: &str, vram: &str| {
        let device = format!("sys/class/drm/card{n}/device");
        tree.write(&format!("{device}/vendor"), "0x1002\n");
        tree.write(&format!("{device}/device"), "0x74a1\n");
        tree.write(&format!("{device}/uevent"), &format!("DRIVER=amdgpu\nPCI_SLOT_NAME={slot}\n"));
        tree.write(&format!("{device}/mem_info_vram_total"), vram);
        tree.write(&format!("{device}/gpu_busy_percent"), "75\n");
        tree.write(&format!("{device}/hwmon/hwmon{n}/power1_average"), "400000000\n");
        tree.write(&format!("{device}/hwmon/hwmon{n}/power1_cap_default"), "750000000\n");
    };
    card(0, "0000:05:00.0", "206141652992\n");
    card(1, "0001:26:00.0", "206141652992\n");
    card(2, "0000:c5:00.0", "536870912\n");
    tree.write("sys/class/drm/card0-DP-1/status", "disconnected\n");
    tree.write("usr/share/misc/pci.ids", "1001  Other\n\t74a1  Wrong\n1002  AMD/ATI\n\t74a0  Not it\n\t74a1  Aqua Vanjaram [Instinct MI300X]\n\t\t1002 74a1  Board\n1003  Next\n");
    let node = "sys/class/kfd/kfd/topology/nodes";
    tree.write(&format!("{node}/0/gpu_id"), "0\n");
    tree.write(&format!("{node}/0/properties"), "cpu_cores_count 96\nlocation_id 0\ndomain 0\n");
    // 05:00.0 is 0x500; 26:00.0 is 0x2600.
    tree.write(&format!("{node}/1/gpu_id"), "111\n");
    tree.write(&format!("{node}/1/properties"), "simd_count 1216\nlocation_id 1280\ndomain 0\n");
    tree.write(&format!("{node}/2/gpu_id"), "222\n");
    tree.write(&format!("{node}/2/properties"), "simd_count 1216\nlocation_id 9728\ndomain 1\n");
    tree.write("sys/class/kfd/kfd/proc/100/vram_111", "1000\n");
    tree.write("sys/class/kfd/kfd/proc/100/vram_222", "0\n");
    tree.write("sys/class/kfd/kfd/proc/200/vram_222", "1000\n");
    for pid in [100, 200] {
        tree.write(&format!("proc/{pid}/stat"), "");
    }
}

#[test]
fn power_of_the_sensor_is_integrated_for_the_commands_card() {
    let tree = Tree::new();
    tree.server();
    cards(&tree);
    let measured = measure(&tree.machine(), steps(0.0, 3600.0, 60.0), &[100], [0.0, 3600.0], Some(1.0), |_| ());
    let gpu = device(&measured, "AMD GPU 0");
    assert!(gpu.basis == Basis::IntegratedPower && near(gpu.energy.median_kwh, 0.4, 1e-6), "{gpu:?}");
    assert_eq!((gpu.model.as_deref(), gpu.mean_utilisation), (Some("Instinct MI300X"), Some(0.75)));
    assert!(says(&measured.unread, "AMD GPU 1 (Instinct MI300X) ran processes of others only"));
    assert!(says(&measured.unread, "graphics inside the processor") && !has(&measured, "AMD GPU 2"));
    // Negative control.
    let measured = measure(&tree.machine(), steps(0.0, 3600.0, 60.0), &[200], [0.0, 3600.0], Some(1.0), |_| ());
    assert!(has(&measured, "AMD GPU 1") && !has(&measured, "AMD GPU 0"));
}

/// Both libraries, as their headers have them. The unit of MI300 is 15.3 µJ.
const AMD_SMI: &str = r#"
#include <stdint.h>
#include <stdio.h>
static long tick(void) { FILE *f = fopen(STATE, "r"); long n = 0; if (f) { if (fscanf(f, "%ld", &n) != 1) n = 0; fclose(f); } return n; }
#ifdef OLD
int rsmi_init(uint64_t flags) { return flags != 0; }
int rsmi_num_monitor_devices(uint32_t *n) { *n = 2; return 0; }
int rsmi_dev_pci_id_get(uint32_t i, uint64_t *bdf) { *bdf = i ? 0x500 : 0x100002600; return 0; }
int rsmi_dev_energy_count_get(uint32_t i, uint64_t *e, float *unit, uint64_t *t) { if (!i) return 2; *e = tick(); *unit = 15.3f; *t = 0; return 0; }
#else
static int one, two;
int amdsmi_init(uint64_t flags) { return flags != 2; }
int amdsmi_get_socket_handles(uint32_t *n, void **h) { *n = 1; if (h) h[0] = &one; return 0; }
int amdsmi_get_processor_handles(void *s, uint32_t *n, void **h) { if (s != &one) return 1; *n = 1; if (h) h[0] = &two; return 0; }
int amdsmi_get_gpu_bdf_id(void *h, uint64_t *bdf) { *bdf = 0x10000500; return h != &two; }
int amdsmi_get_energy_count(void *h, uint64_t *e, float *unit, uint64_t *t) { *e = tick(); *unit = 15.3f; *t = 0; return h != &two; }
#endif
"#;

#[test]
fn the_counter_of_either_library_goes_to_its_card() {
    for old in [false, true] {
        let tree = Tree::new();
        tree.server();
        cards(&tree);
        tree.write("amd.c", AMD_SMI);
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-o"]).arg(tree.path("libamd.so")).arg(tree.path("amd.c"));
        cc.arg(format!("-DSTATE=\"{}\"", tree.path("tick").display()));
        let Ok(output) = cc.args(old.then_some("-DOLD")).output() else {
            eprintln!("skipped: no C compiler `cc` to build the fake library with");
            return;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let machine = Machine { amd: Some(tree.path("libamd.so")), ..tree.machine() };
        // 500 W.
        let set = |t: f64| tree.write("tick", &format!("{}", (1e6 + t * 500e6 / 15.3) as u64));
        let measured = measure(&machine, steps(0.0, 3600.0, 60.0), &[100], [0.0, 3600.0], Some(1.0), set);
        let gpu = device(&measured, "AMD GPU 0");
        assert!(gpu.basis == Basis::EnergyCounter && near(gpu.energy.median_kwh, 0.5, 1e-6), "{old} {gpu:?}");
    }
}

#[test]
fn a_card_that_is_pulled_keeps_its_energy() {
    let tree = Tree::new();
    tree.server();
    cards(&tree);
    let set = |t: f64| {
        if t > 1800.0 {
            let _ = std::fs::remove_dir_all(tree.path("sys/class/drm/card0/device"));
        }
    };
    let measured = measure(&tree.machine(), steps(0.0, 3600.0, 60.0), &[100], [0.0, 3600.0], Some(1.0), set);
    let gpu = device(&measured, "AMD GPU 0");
    assert!(near(gpu.energy.median_kwh, 0.3, 0.03) && says(&gpu.notes, "stopped answering"), "{gpu:?}");
}
