//! The two walls that the shim builds around itself: Landlock and seccomp, and the acts that prove them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule};

use super::JailLimits;

/// Allows reading below `read` and everything below `write`. Returns the ABI that the kernel enforces, 0 for none.
pub(super) fn landlock(read: &[PathBuf], write: &[PathBuf]) -> Result<u32, String> {
    let fail = |e: landlock::RulesetError| format!("Landlock: {e}");
    let abi = ABI::V6;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|r| r.scope(Scope::AbstractUnixSocket | Scope::Signal))
        .and_then(Ruleset::create)
        .and_then(|r| r.add_rules(path_beneath_rules(read, AccessFs::from_read(abi))))
        .and_then(|r| r.add_rules(path_beneath_rules(write, AccessFs::from_all(abi))))
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(fail)?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => 0,
        (_, landlock::LandlockStatus::Available { effective_abi, .. }) => effective_abi as u32,
        _ => 0,
    })
}

/// The limits that the kernel keeps for each process (the number of processes: for the jail's user namespace).
pub(super) fn limits(limits: &JailLimits) -> Result<(), String> {
    for (what, most) in [
        (Resource::Core, 0),
        (Resource::Cpu, limits.cpu_seconds),
        // Not the address space: runtimes reserve far more of that than they use.
        (Resource::Data, limits.memory_bytes),
        (Resource::Nproc, limits.processes),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Nofile, limits.open_files),
    ] {
        let most = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(what, most).map_err(|e| format!("the limit of {what:?}: {e}"))?;
    }
    Ok(())
}

/// The calls that nothing inside needs and escapes are made of. Numbers, so none can be skipped by its name.
#[cfg(target_arch = "x86_64")]
const DENIED: &[i64] = &[
    101, // ptrace
    134, // uselib
    153, // vhangup
    155, // pivot_root
    161, // chroot
    163, // acct
    165, 166, // mount, umount2
    167, 168, // swapon, swapoff
    169, // reboot
    173, 172, // ioperm, iopl
    175, 176, 313, // init_module, delete_module, finit_module
    246, 320, // kexec_load, kexec_file_load
    248, 249, 250, // add_key, request_key, keyctl
    272, 308, // unshare, setns
    298, // perf_event_open
    304, // open_by_handle_at
    310, 311, // process_vm_readv, process_vm_writev
    321, // bpf
    323, // userfaultfd
    425, 426, 427, // io_uring
    428, 429, 430, 431, 432, 433, 442, // the new mount calls
    438, // pidfd_getfd
];

/// Calls that look as if the kernel were built without them, so that programs do it in another way.
#[cfg(target_arch = "x86_64")]
const MISSING: &[i64] = &[
    435, // clone3: `clone` does the same, and a filter can see its flags
    29, 64, 68,  // shmget, semget, msgget
    240, // mq_open
    319,
    447, // memfd_create, memfd_secret: all five hold memory that belongs to no process and to no sized directory
];

/// Installs the filter: the lists above, `clone` with new namespaces, typing into terminals.
#[cfg(target_arch = "x86_64")]
pub(super) fn seccomp() -> Result<(), String> {
    const CLONE: i64 = 56;
    const IOCTL: i64 = 16;
    const NEW_NAMESPACES: u64 = 0x7e02_0000;
    const X32: u64 = 0x4000_0000;
    let fail = |e: seccompiler::BackendError| format!("seccomp: {e}");
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = DENIED.iter().map(|call| (*call, Vec::new())).collect();
    let mut clone = Vec::new();
    for bit in (0..32).map(|n| 1_u64 << n).filter(|bit| NEW_NAMESPACES & bit != 0) {
        clone.push(rule(0, SeccompCmpOp::MaskedEq(bit), bit).map_err(fail)?);
    }
    rules.insert(CLONE, clone);
    // TIOCSTI, TIOCLINUX, TIOCSETD
    let ioctl = [0x5412, 0x541C, 0x5423].map(|request| rule(1, SeccompCmpOp::Eq, request));
    rules.insert(IOCTL, ioctl.into_iter().collect::<Result<_, _>>().map_err(fail)?);
    // The same calls by their x32 numbers would pass the list.
    let x32: Vec<i64> = rules.keys().map(|call| call | X32.cast_signed()).collect();
    rules.extend(x32.into_iter().map(|call| (call, Vec::new())));
    install(rules, SeccompAction::Errno(1))?;
    let missing = MISSING.iter().flat_map(|call| [*call, call | X32.cast_signed()]);
    install(missing.map(|call| (call, Vec::new())).collect(), SeccompAction::Errno(38))
}

/// Other processors have other numbers; there is no filter for them, so there is no sandbox.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn seccomp() -> Result<(), String> {
    Err("there is no seccomp filter for this processor yet".into())
}

fn rule(argument: u8, op: SeccompCmpOp, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, value)?])
}

fn install(rules: BTreeMap<i64, Vec<SeccompRule>>, action: SeccompAction) -> Result<(), String> {
    let arch = std::env::consts::ARCH.try_into().map_err(|e: seccompiler::BackendError| format!("seccomp: {e}"))?;
    let program: seccompiler::BpfProgram = SeccompFilter::new(rules, SeccompAction::Allow, action, arch)
        .and_then(TryInto::try_into)
        .map_err(|e| format!("seccomp: {e}"))?;
    seccompiler::apply_filter(&program).map_err(|e| format!("seccomp: {e}"))
}

/// Tries what must fail. An act that succeeds is an error.
pub(super) fn prove(network: bool) -> Result<(), String> {
    let held = |what: &str, ok: bool| {
        if ok { Ok(()) } else { Err(format!("a forbidden act succeeded: {what}")) }
    };
    held("being root", !rustix::process::geteuid().is_root())?;
    held("being another process than the first of its namespace", std::process::id() == 1)?;
    held("writing to /usr", std::fs::write("/usr/.thymus", b"").is_err())?;
    held("writing to /", std::fs::write("/.thymus", b"").is_err())?;
    held("reading /etc/shadow", std::fs::read("/etc/shadow").is_err())?;
    held("opening the order through Landlock", std::fs::read("/thymus/in/order.json").is_err())?;
    // Harmless if it works: the namespace is private already.
    let mount = rustix::mount::mount_change("/", rustix::mount::MountPropagationFlags::PRIVATE);
    held("changing mounts", mount == Err(rustix::io::Errno::PERM))?;
    #[allow(deprecated)] // the safe form; the process has one thread and no shared descriptors
    let user = rustix::thread::unshare(rustix::thread::UnshareFlags::NEWUSER);
    held("making a user namespace", user == Err(rustix::io::Errno::PERM))?;
    if !network {
        let out = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|s| s.connect("192.0.2.1:9"));
        held("reaching the network", out.is_err())?;
    }
    Ok(())
}
