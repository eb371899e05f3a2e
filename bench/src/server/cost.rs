//! What a process costs, as the kernel counts it: processor time, memory, switches between tasks.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::Context;

/// Ticks of `/proc/PID/stat` in a second. Linux shows 100 to programs, whatever it uses inside.
const TICKS_PER_SECOND: u64 = 100;

/// Readings of one process at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Cost {
    /// Processor time of the process in ticks, ended threads included.
    ticks: u64,
    /// The same of each living thread, in nanoseconds.
    threads_ns: BTreeMap<u32, u64>,
    switches: u64,
}

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) rss: u64,
    pub(crate) pss: u64,
}

impl Cost {
    /// What the process has cost so far.
    ///
    /// # Errors
    /// It is gone, or this is no Linux.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let mut threads_ns = BTreeMap::new();
        let mut switches = 0;
        for task in fs::read_dir(format!("/proc/{pid}/task")).context("the server is gone")?.flatten() {
            let Ok(id) = task.file_name().to_string_lossy().parse() else { continue };
            // A thread may end while we look.
            let Ok(run) = fs::read_to_string(task.path().join("schedstat")) else { continue };
            threads_ns.insert(id, run.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0));
            switches += fs::read_to_string(task.path().join("status")).map_or(0, |status| task_switches(&status));
        }
        Ok(Self { ticks: ticks(&fs::read_to_string(format!("/proc/{pid}/stat"))?)?, threads_ns, switches })
    }

    /// Processor time since `before`, in nanoseconds: that of the threads, exact to the nanosecond, unless some have ended
    /// since; then that of the process, exact to its ticks.
    pub(crate) fn cpu_ns_since(&self, before: &Self) -> u64 {
        let by_ticks = (self.ticks - before.ticks) * (1_000_000_000 / TICKS_PER_SECOND);
        if before.threads_ns.keys().any(|id| !self.threads_ns.contains_key(id)) {
            return by_ticks;
        }
        let run = |(id, ns): (&u32, &u64)| ns.saturating_sub(before.threads_ns.get(id).copied().unwrap_or(0));
        let by_threads = self.threads_ns.iter().map(run).sum();
        // A kernel that does not count threads shows zero for each.
        if by_threads == 0 { by_ticks } else { by_threads }
    }

    /// How often the kernel took or was given the processor since `before`.
    pub(crate) fn switches_since(&self, before: &Self) -> u64 {
        self.switches.saturating_sub(before.switches)
    }
}

impl Memory {
    /// What the process has in memory now.
    ///
    /// # Errors
    /// It is gone, or this is no Linux.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("the server is gone")?;
        let field = |name| kilobytes(&rollup, name).map(|kb| kb * 1024);
        Ok(Self { rss: field("Rss:").context("no Rss")?, pss: field("Pss:").context("no Pss")? })
    }
}

/// What the sockets of this whole machine hold in the kernel, in bytes.
///
/// # Errors
/// This is no Linux.
pub(crate) fn kernel_socket_bytes() -> anyhow::Result<u64> {
    let text = fs::read_to_string("/proc/net/sockstat")?;
    let tcp = text.lines().find(|line| line.starts_with("TCP:")).context("no TCP in sockstat")?;
    let pages: u64 = tcp.split(' ').skip_while(|word| *word != "mem").nth(1).context("no mem in sockstat")?.parse()?;
    Ok(pages * rustix::param::page_size() as u64)
}

/// Processor time of our own thread of that name, in nanoseconds, to say what the load itself cost.
pub(crate) fn thread_cpu_ns(name: &str) -> u64 {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten().map(|task| task.path());
    let named = |path: &PathBuf| fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim() == name);
    let run = |path: PathBuf| fs::read_to_string(path.join("schedstat")).ok()?.split(' ').next()?.parse::<u64>().ok();
    tasks.filter(named).filter_map(run).sum()
}

/// utime and stime: the 14th and 15th field; the 2nd, a name in brackets, may contain spaces.
fn ticks(stat: &str) -> anyhow::Result<u64> {
    let (_, after_name) = stat.rsplit_once(") ").context("no name in stat")?;
    let mut fields = after_name.split(' ').skip(11);
    let mut next = || fields.next().context("stat is too short");
    Ok(next()?.parse::<u64>()? + next()?.parse::<u64>()?)
}

fn task_switches(status: &str) -> u64 {
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()
    };
    field("voluntary_ctxt_switches:").unwrap_or(0) + field("nonvoluntary_ctxt_switches:").unwrap_or(0)
}

fn kilobytes(rollup: &str, name: &str) -> Option<u64> {
    rollup.lines().find(|line| line.starts_with(name))?.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_a_name_with_spaces() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 30 12 0 0 20 0 4 0 100 1000 10";
        assert_eq!(ticks(stat).unwrap(), 42);
        assert!(ticks("7 (a").is_err());
    }

    #[test]
    fn this_process_has_a_cost() {
        let before = Cost::of(std::process::id()).unwrap();
        let mut sum = 0_u64;
        for number in 0..20_000_000_u64 {
            sum = std::hint::black_box(sum ^ number);
        }
        let after = Cost::of(std::process::id()).unwrap();
        assert!(after.cpu_ns_since(&before) > 0, "{sum}");
        assert!(Memory::of(std::process::id()).unwrap().rss > 100_000);
        assert!(kernel_socket_bytes().is_ok());
    }

    #[test]
    fn a_thread_that_ended_makes_the_ticks_count() {
        let cost =
            |ticks, threads: &[(u32, u64)]| Cost { ticks, threads_ns: threads.iter().copied().collect(), switches: 0 };
        assert_eq!(cost(5, &[(1, 30), (2, 7)]).cpu_ns_since(&cost(1, &[(1, 10)])), 27);
        assert_eq!(cost(5, &[(1, 30)]).cpu_ns_since(&cost(1, &[(1, 10), (2, 3)])), 40_000_000);
    }
}
