//! What this machine gives, tried and not guessed, and what a person can do about each thing that it doesn't.

use std::fmt;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Exit, Mount, RunDir, Sandbox, SandboxError, executable, hand_over, trial};
use crate::model::{Achieved, Backend, Cancel};

/// A part of the machine that the sandbox stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// What only root has to prepare.
    Root,
    /// User namespaces, and mounting in one.
    Namespaces,
    /// The jail's own directories.
    Mounts,
    /// Landlock.
    Landlock,
    /// The filter of system calls.
    Seccomp,
    /// A wall stood, and a forbidden act went through it.
    Proof,
    /// Temporary files.
    Temporary,
    /// Anything else.
    Other,
}

/// Which part failed, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The part.
    pub part: Part,
    /// What it said.
    pub why: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Part::Other.failed(why)
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Wall(failure) => failure,
            SandboxError::Io { .. } => Part::Temporary.failed(error.to_string()),
            SandboxError::Jail(why) => why.into(),
        }
    }
}

/// Why the machine gives no sandbox, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{code}: no sandbox: {why}; {remedy}")]
pub struct Refusal {
    /// The stable code.
    pub code: &'static str,
    /// What failed.
    pub why: String,
    /// What a person can do.
    pub remedy: String,
}

impl Failure {
    pub(super) fn refuse(self) -> Refusal {
        Refusal { code: self.part.code(), why: self.why, remedy: self.part.remedy() }
    }
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is called.
    pub name: &'static str,
    /// Whether this machine has it.
    pub ok: bool,
    /// Whether there is no sandbox without it.
    pub required: bool,
    /// What was seen.
    pub detail: String,
    /// What a person can do; empty when it is fine.
    pub remedy: String,
}

/// Tries everything, by a run of the jail. One part that fails hides those that are built after it.
pub fn examine(backend: Backend) -> Vec<Check> {
    match try_all(backend) {
        Ok((achieved, copied)) => found(&achieved, copied),
        Err(failure) => vec![Check {
            name: failure.part.name(),
            ok: false,
            required: true,
            detail: failure.why,
            remedy: failure.part.remedy(),
        }],
    }
}

fn try_all(backend: Backend) -> Result<(Achieved, usize), Failure> {
    let sandbox = Sandbox::stand(backend, executable())?;
    // The trial has no overlay, because a sandbox is one without it too.
    let io = |why: std::io::Error| Part::Temporary.failed(why.to_string());
    let tree = RunDir::new().map_err(io)?;
    let lower = tree.path().join("tree");
    fs::create_dir(&lower).map_err(io)?;
    hand_over(&lower).map_err(io)?;
    let mut jail = trial();
    jail.mounts = vec![Mount::Overlay { lower, inside: "/work".into(), bytes: 1 << 20 }];
    let ended = sandbox.run(&jail, &Cancel::default())?;
    match ended.exit {
        Exit::Code(0) => Ok((ended.achieved, ended.copied)),
        exit => Err(Failure::from(format!("the trial run ended with {exit:?}"))),
    }
}

fn found(achieved: &Achieved, copied: usize) -> Vec<Check> {
    let required = |part: Part, detail: String| {
        let (name, remedy) = (part.name(), String::new());
        Check { name, ok: true, required: true, detail, remedy }
    };
    let optional = |name, ok: bool, good: String, else_: &str, remedy: &str| {
        let (detail, remedy) = if ok { (good, String::new()) } else { (else_.to_owned(), remedy.to_owned()) };
        Check { name, ok, required: false, detail, remedy }
    };
    vec![
        required(Part::Namespaces, achieved.namespaces.join(", ")),
        required(Part::Landlock, format!("ABI {}", achieved.landlock_abi)),
        required(Part::Seccomp, "the filter is on, and forbidden acts fail".to_owned()),
        optional(
            "overlay",
            copied == 0,
            "the kernel lays a run's changes over the snapshot".to_owned(),
            "each run copies its files first",
            "use Linux 6.6 or later: earlier ones have no user attributes in memory file systems",
        ),
        optional(
            "cgroup",
            !achieved.cgroup.is_empty(),
            format!("the kernel limits {} for a whole run", achieved.cgroup.join(" and ")),
            "memory of a whole run is watched every 50 ms instead of limited by the kernel",
            "to have the kernel do it, start thymus with `systemd-run --user --scope thymus ...`",
        ),
    ]
}

impl Part {
    pub(super) fn failed(self, why: String) -> Failure {
        Failure { part: self, why }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Root => "TH-SBX-ROOT",
            Self::Namespaces => "TH-SBX-NAMESPACES",
            Self::Mounts => "TH-SBX-MOUNTS",
            Self::Landlock => "TH-SBX-LANDLOCK",
            Self::Seccomp => "TH-SBX-SECCOMP",
            Self::Proof => "TH-SBX-PROOF",
            Self::Temporary => "TH-SBX-TMP",
            Self::Other => "TH-SBX-NONE",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Namespaces => "namespaces",
            Self::Mounts => "mounts",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Proof => "proof",
            Self::Temporary => "tmp",
            Self::Other => "sandbox",
        }
    }

    /// What helps on this machine, as far as the machine tells.
    fn remedy(self) -> String {
        let known = match self {
            Self::Namespaces | Self::Mounts => namespaces_remedy(&read_setting, in_container()),
            Self::Root if in_container() => CONTAINER,
            Self::Root => "run thymus as an ordinary user, or with all of root's capabilities",
            Self::Landlock => return landlock_remedy(fs::read_to_string("/sys/kernel/security/lsm").ok().as_deref()),
            Self::Seccomp if !cfg!(target_arch = "x86_64") => {
                "use an x86-64 machine: thymus has no filter for other processors yet"
            }
            Self::Seccomp => "use a kernel with CONFIG_SECCOMP_FILTER",
            Self::Proof => "do not heal on this machine, and report what `thymus doctor` says: a wall did not hold",
            Self::Temporary => "set TMPDIR to a directory that you may write to and that has some free space",
            Self::Other => "report it, with the output of `thymus doctor --format json`",
        };
        known.to_owned()
    }
}

const CONTAINER: &str = "let the container make namespaces: `docker run --security-opt seccomp=unconfined \
    --security-opt apparmor=unconfined --security-opt systempaths=unconfined ...`, or run thymus outside of one";

fn in_container() -> bool {
    Path::new("/.dockerenv").exists() || Path::new("/run/.containerenv").exists()
}

fn read_setting(name: &str) -> Option<String> {
    fs::read_to_string(Path::new("/proc/sys").join(name)).ok().map(|text| text.trim().to_owned())
}

fn namespaces_remedy(setting: &dyn Fn(&str) -> Option<String>, in_container: bool) -> &'static str {
    let is = |name: &str, value: &str| setting(name).as_deref() == Some(value);
    if is("user/max_user_namespaces", "0") {
        "allow user namespaces: `sysctl -w user.max_user_namespaces=10000`"
    } else if is("kernel/unprivileged_userns_clone", "0") {
        "allow user namespaces: `sysctl -w kernel.unprivileged_userns_clone=1`"
    } else if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        "let AppArmor allow it, by a profile for thymus that says `userns,`, or for everybody by \
         `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`"
    } else if in_container {
        CONTAINER
    } else if setting("user/max_user_namespaces").is_none() {
        "use a kernel with CONFIG_USER_NS"
    } else {
        "allow user namespaces, if something here forbids them (SELinux, a seccomp filter around this process), and \
         see `sysctl user.max_user_namespaces`"
    }
}

fn landlock_remedy(modules: Option<&str>) -> String {
    match modules {
        Some(list) if !list.contains("landlock") => {
            format!("start the kernel (5.13 or later) with `lsm=landlock,{}`", list.trim())
        }
        _ => "use a kernel (5.13 or later) with CONFIG_SECURITY_LANDLOCK, and no older container runtime's filter"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_remedy() {
        let with = |wanted: &'static str, value: &'static str| {
            move |name: &str| match name {
                _ if name == wanted => Some(value.to_owned()),
                "user/max_user_namespaces" => Some("1000".to_owned()),
                _ => None,
            }
        };
        let cases = [
            ("user/max_user_namespaces", "0", false, "user.max_user_namespaces=10000"),
            ("kernel/unprivileged_userns_clone", "0", false, "unprivileged_userns_clone=1"),
            ("kernel/apparmor_restrict_unprivileged_userns", "1", false, "AppArmor"),
            ("none", "", true, "docker run"),
            ("none", "", false, "SELinux"),
        ];
        for (name, value, container, words) in cases {
            let remedy = namespaces_remedy(&with(name, value), container);
            assert!(remedy.contains(words), "{name}: {remedy}");
        }
        assert!(landlock_remedy(Some("capability,yama\n")).ends_with("`lsm=landlock,capability,yama`"));
        assert!(landlock_remedy(None).contains("CONFIG_SECURITY_LANDLOCK"));
    }
}
