//! Files of CodeCarbon, Epoch AI, BoAmps and `haze track`, read as models: known answers with negative controls, and fuzz.

mod fuzz;
mod known;

use std::path::Path;

use carbonhaze::low_level::portfolio::cell::NoFiles;
use carbonhaze::low_level::portfolio::models_file::{self, ModelsFile};
use carbonhaze::{Problems, Value};

/// The models that a file of this name and text holds.
fn read(name: &str, text: &str) -> Result<ModelsFile, Problems> {
    models_file::read(Path::new(name), text.as_bytes(), &NoFiles)
}

fn good(name: &str, text: &str) -> ModelsFile {
    read(name, text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

fn number(value: &Option<Value>) -> Option<f64> {
    match value {
        Some(Value::Number(x)) => Some(*x),
        _ => None,
    }
}

/// The rules of the warnings of a file.
fn rules(file: &ModelsFile) -> Vec<&'static str> {
    file.warnings.iter().map(|warning| warning.rule).collect()
}

const CODECARBON: &str = "timestamp,project_name,run_id,duration,emissions,emissions_rate,cpu_energy,gpu_energy,\
    ram_energy,energy_consumed,country_name,country_iso_code,region,gpu_count,gpu_model,tracking_mode,on_cloud,pue\n";

/// Two runs of one project, the first with a flush, and one of another.
const RUNS: &str = "\
2024-05-14T09:00:00,bert,r1,600,0.01,1.6e-5,0.01,0.03,0.01,0.05,France,FRA,,2,2 x NVIDIA A100-SXM4-80GB,machine,N,1.0
2024-05-14T09:50:00,bert,r1,3600,0.06,1.6e-5,0.06,0.18,0.06,0.3,France,FRA,,2,2 x NVIDIA A100-SXM4-80GB,machine,N,1.0
2024-05-15T10:00:00,bert,r2,1800,0.04,2.2e-5,0.04,0.12,0.04,0.2,France,FRA,,2,2 x NVIDIA A100-SXM4-80GB,machine,N,1.0
2024-05-16T10:00:00,vit,r3,7200,0.08,1.1e-5,0.1,0.2,0.1,0.4,United States,USA,california,,,machine,N,1.0
";

const EPOCH: &str = "Model,Domain,Organization,Publication date,Parameters,Training compute (FLOP),\
    Training dataset size (datapoints),Training time (hours),Training hardware,Hardware quantity,\
    Hardware utilization (MFU),Confidence,Base model,Finetune compute (FLOP),Country (of organization)\n";

const BOAMPS: &str = r#"{"header": {"reportId": "r-1", "reportDatetime": "2025-02-26 16:57:00"},
 "task": {"taskStage": "training", "taskFamily": "text classification",
  "algorithms": [{"algorithmName": "bert", "parametersNumber": 0.11}], "dataset": []},
 "measures": [{"measurementMethod": "carbontracker", "powerConsumption": 40, "measurementDuration": 36000}],
 "infrastructure": {"infraType": "onPremise",
  "components": [{"componentType": "gpu", "componentName": "NVIDIA V100", "nbComponent": 4}]},
 "environment": {"country": "France"}, "quality": "medium"}"#;

/// Two records of one name, 2 kWh and 3 kWh, the first with an H100.
const TRACK: &str = concat!(
    r#"{"haze_track":1,"id":"1","name":"lab/a","started":"2026-07-30T10:00:00.000Z","ended":"2026-07-30T11:00:00.000Z","#,
    r#""duration_s":3600,"ended_by":{"exit":0},"measured":{"devices":[{"name":"GPU 0","part":"accelerator","#,
    r#""model":"NVIDIA H100 80GB HBM3","basis":"energy-counter","energy":{"median_kwh":2,"gsd":1.1},"share":1,"#,
    r#""mean_power_w":null,"max_power_w":null,"mean_utilisation":0.5,"samples":3600,"longest_gap_s":1,"notes":[]}],"#,
    r#""energy":{"median_kwh":2,"gsd":1.1},"accelerator_hours":1,"cpu_time_s":null,"unread":[]},"node":"0","#,
    r#""interval_s":1,"notes":[],"version":"0.1.0"}"#,
    "\n",
    r#"{"haze_track":1,"id":"2","name":"lab/a","started":"2026-07-31T10:00:00.000Z","ended":"2026-07-31T11:00:00.000Z","#,
    r#""duration_s":3600,"ended_by":"stopped","measured":{"devices":[],"energy":{"median_kwh":3,"gsd":1.1},"#,
    r#""accelerator_hours":null,"cpu_time_s":null,"unread":[]},"node":"0","interval_s":1,"notes":[],"version":"0.1.0"}"#,
    "\n",
);
