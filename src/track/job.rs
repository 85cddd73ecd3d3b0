//! The job that a process belongs to: ids, so that a record can be found in the accounts of a cluster, and which rank of
//! how many it is, so that a node is read once.
//!
//! Known by variables of the environment, which are read by name and never kept as a whole:
//!
//! | system | variables | reference |
//! |---|---|---|
//! | Slurm | `SLURM_JOB_ID`, `SLURM_STEP_ID`, `SLURM_ARRAY_JOB_ID`, `SLURM_ARRAY_TASK_ID`, `SLURM_PROCID`, `SLURM_LOCALID`, `SLURM_STEP_NUM_TASKS`, `SLURM_STEP_TASKS_PER_NODE`, `SLURM_NODEID` | <https://slurm.schedmd.com/srun.html>, section "Output environment variables" |
//! | torchrun | `TORCHELASTIC_RUN_ID`, `RANK`, `LOCAL_RANK`, `WORLD_SIZE`, `LOCAL_WORLD_SIZE` | <https://docs.pytorch.org/docs/stable/elastic/run.html> |
//! | Open MPI | `OMPI_COMM_WORLD_RANK`, `_LOCAL_RANK`, `_SIZE`, `_LOCAL_SIZE`, `PMIX_NAMESPACE` | <https://docs.open-mpi.org/en/main/tuning-apps/environment-var.html> |
//! | MPICH, Intel MPI | `PMI_RANK`, `PMI_SIZE`, `MPI_LOCALRANKID`, `MPI_LOCALNRANKS` | Hydra, <https://github.com/pmodels/mpich> |
//! | Kubernetes | `KUBERNETES_SERVICE_HOST`, `JOB_COMPLETION_INDEX`; the pod's uid in `/proc/self/cgroup` | <https://kubernetes.io/docs/concepts/workloads/controllers/job/> |
//!
//! A batch script of Slurm has the variables of its job, but is no rank: only `srun` sets the number of tasks of a step.

use serde::{Deserialize, Serialize};

/// What started the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    /// Slurm.
    Slurm,
    /// `torchrun` or `torch.distributed.run`.
    Torchrun,
    /// Open MPI.
    OpenMpi,
    /// MPICH, Intel MPI and others of that family.
    Mpich,
    /// A pod of Kubernetes.
    Kubernetes,
}

/// A job and the place of a process in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// What started it: the outermost that is known.
    pub system: System,
    /// The id of the job there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The step of a Slurm job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The index in an array of jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Of all ranks, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// Of the ranks on this node, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_rank: Option<u32>,
    /// How many ranks there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranks: Option<u32>,
    /// How many of them are on this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_ranks: Option<u32>,
}

/// Longer ids are none.
const LONGEST: usize = 128;

impl Job {
    /// What the environment and `/proc/self/cgroup` say.
    pub fn of(variable: impl Fn(&str) -> Option<String>, cgroup: &str) -> Option<Job> {
        let text = |name: &str| {
            let fits = |text: &String| !text.is_empty() && text.len() <= LONGEST && !text.contains(char::is_control);
            variable(name).filter(fits)
        };
        let number = |name: &str| text(name)?.parse().ok();
        let none = Job {
            system: System::Kubernetes,
            id: None,
            step: None,
            index: None,
            rank: None,
            local_rank: None,
            ranks: None,
            local_ranks: None,
        };
        let mut job = [slurm, kubernetes].iter().find_map(|of| of(&text, &number, cgroup, &none));
        // Ranks of a launcher within a job are ranks of that job.
        for of in [torchrun, open_mpi, mpich] {
            let Some(found) = of(&text, &number, cgroup, &none) else { continue };
            job = Some(match job {
                Some(outer) => Job {
                    rank: found.rank,
                    local_rank: found.local_rank,
                    ranks: found.ranks,
                    local_ranks: found.local_ranks,
                    ..outer
                },
                None => found,
            });
            break;
        }
        job
    }

    /// Whether several ranks of it are on this node.
    pub fn shares_its_node(&self) -> bool {
        self.local_ranks.is_some_and(|n| n > 1)
    }
}

type Text<'a> = &'a dyn Fn(&str) -> Option<String>;
type Number<'a> = &'a dyn Fn(&str) -> Option<u32>;

fn slurm(text: Text<'_>, number: Number<'_>, _: &str, _: &Job) -> Option<Job> {
    let id = text("SLURM_JOB_ID").or_else(|| text("SLURM_JOBID"))?;
    let ranks = number("SLURM_STEP_NUM_TASKS");
    let of_a_step = |name| number(name).filter(|_| ranks.is_some());
    let local_rank = of_a_step("SLURM_LOCALID");
    let node = number("SLURM_NODEID").unwrap_or(0);
    let local_ranks = text("SLURM_STEP_TASKS_PER_NODE").and_then(|list| tasks_on(&list, node));
    let array = text("SLURM_ARRAY_JOB_ID").zip(text("SLURM_ARRAY_TASK_ID"));
    Some(Job {
        system: System::Slurm,
        index: array.map(|(job, task)| format!("{job}_{task}")),
        id: Some(id),
        step: text("SLURM_STEP_ID"),
        rank: of_a_step("SLURM_PROCID"),
        local_rank,
        ranks,
        local_ranks: local_ranks.filter(|_| ranks.is_some()),
    })
}

/// The tasks on node number `node` of `2(x3),1`: two on each of three nodes, one on the fourth.
fn tasks_on(list: &str, node: u32) -> Option<u32> {
    let mut before = 0;
    for part in list.split(',') {
        let (tasks, times) = match part.split_once("(x") {
            Some((tasks, times)) => (tasks, times.strip_suffix(')')?.parse().ok()?),
            None => (part, 1u32),
        };
        before += times;
        if node < before {
            return tasks.parse().ok();
        }
    }
    None
}

fn torchrun(text: Text<'_>, number: Number<'_>, _: &str, none: &Job) -> Option<Job> {
    let id = text("TORCHELASTIC_RUN_ID")?;
    Some(Job {
        system: System::Torchrun,
        // The name of a run that nobody named.
        id: Some(id).filter(|id| id != "none"),
        rank: number("RANK"),
        local_rank: number("LOCAL_RANK"),
        ranks: number("WORLD_SIZE"),
        local_ranks: number("LOCAL_WORLD_SIZE"),
        ..none.clone()
    })
}

fn open_mpi(text: Text<'_>, number: Number<'_>, _: &str, none: &Job) -> Option<Job> {
    let rank = number("OMPI_COMM_WORLD_RANK")?;
    Some(Job {
        system: System::OpenMpi,
        id: text("PMIX_NAMESPACE"),
        rank: Some(rank),
        local_rank: number("OMPI_COMM_WORLD_LOCAL_RANK"),
        ranks: number("OMPI_COMM_WORLD_SIZE"),
        local_ranks: number("OMPI_COMM_WORLD_LOCAL_SIZE"),
        ..none.clone()
    })
}

fn mpich(_: Text<'_>, number: Number<'_>, _: &str, none: &Job) -> Option<Job> {
    let rank = number("PMI_RANK")?;
    Some(Job {
        system: System::Mpich,
        rank: Some(rank),
        local_rank: number("MPI_LOCALRANKID"),
        ranks: number("PMI_SIZE"),
        local_ranks: number("MPI_LOCALNRANKS"),
        ..none.clone()
    })
}

fn kubernetes(text: Text<'_>, number: Number<'_>, cgroup: &str, none: &Job) -> Option<Job> {
    let pod = pod_of(cgroup);
    if pod.is_none() && text("KUBERNETES_SERVICE_HOST").is_none() {
        return None;
    }
    Some(Job {
        system: System::Kubernetes,
        id: pod,
        index: number("JOB_COMPLETION_INDEX").map(|index| index.to_string()),
        ..none.clone()
    })
}

/// The uid of the pod in a path such as `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1a2b….slice/…`
/// or `/kubepods/burstable/pod1a2b…/…`. Drivers of cgroups write `_` for `-`.
fn pod_of(cgroup: &str) -> Option<String> {
    let parts = cgroup.lines().filter(|line| line.contains("kubepods")).flat_map(|line| line.split('/'));
    parts.filter_map(|part| part.rsplit_once("pod").map(|(_, uid)| uid.trim_end_matches(".slice"))).find_map(|uid| {
        let uid = uid.replace('_', "-");
        let is_uid = uid.len() == 36 && uid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        is_uid.then_some(uid)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)], cgroup: &str) -> Option<Job> {
        let get = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, text)| text.to_string());
        Job::of(get, cgroup)
    }

    #[test]
    fn a_step_of_slurm_has_ranks_and_a_batch_script_none() {
        let batch = [("SLURM_JOB_ID", "77"), ("SLURM_NTASKS", "8"), ("SLURM_PROCID", "0"), ("SLURM_LOCALID", "0")];
        let job = of(&batch, "").unwrap();
        assert_eq!((job.id.as_deref(), job.rank, job.shares_its_node()), (Some("77"), None, false));
        let step = [
            ("SLURM_STEP_ID", "0"),
            ("SLURM_STEP_NUM_TASKS", "7"),
            ("SLURM_STEP_TASKS_PER_NODE", "2(x3),1"),
            ("SLURM_NODEID", "2"),
        ];
        let job = of(&[&batch[..], &step].concat(), "").unwrap();
        assert_eq!((job.ranks, job.rank, job.local_rank, job.local_ranks), (Some(7), Some(0), Some(0), Some(2)));
        assert!(job.shares_its_node());
        assert_eq!((tasks_on("2(x3),1", 3), tasks_on("2(x3),1", 4), tasks_on("4", 0)), (Some(1), None, Some(4)));
    }

    #[test]
    fn ranks_of_launchers_stand_in_the_job_that_holds_them() {
        let torch = [("TORCHELASTIC_RUN_ID", "none"), ("LOCAL_RANK", "1"), ("RANK", "9"), ("LOCAL_WORLD_SIZE", "8")];
        let alone = of(&torch, "").unwrap();
        assert_eq!((alone.system, alone.id.as_deref(), alone.rank), (System::Torchrun, None, Some(9)));
        let within = of(&[&torch[..], &[("SLURM_JOB_ID", "5")]].concat(), "").unwrap();
        assert_eq!((within.system, within.id.as_deref(), within.local_ranks), (System::Slurm, Some("5"), Some(8)));
        let mpi = of(&[("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_LOCAL_SIZE", "4")], "").unwrap();
        assert!(mpi.system == System::OpenMpi && mpi.shares_its_node());
        assert_eq!(of(&[("PMI_RANK", "3"), ("MPI_LOCALNRANKS", "2")], "").unwrap().local_ranks, Some(2));
    }

    #[test]
    fn pods_are_known_by_their_cgroup() {
        let uid = "1a2b3c4d-0000-1111-2222-333344445555";
        let systemd = format!("0::/kubepods.slice/kubepods-pod{}.slice/cri-x.scope\n", uid.replace('-', "_"));
        for cgroup in [format!("12:cpu:/kubepods/burstable/pod{uid}/abc\n"), systemd] {
            let job = of(&[("JOB_COMPLETION_INDEX", "4")], &cgroup).unwrap();
            assert_eq!((job.id.as_deref(), job.index.as_deref()), (Some(uid), Some("4")), "{cgroup}");
        }
        assert_eq!(of(&[], "0::/user.slice/podman-1.scope\n"), None);
        assert_eq!(of(&[("SLURM_JOB_ID", "a\u{1b}[31m")], ""), None);
    }
}
