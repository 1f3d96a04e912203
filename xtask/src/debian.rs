//! Components by Debian's packages, where rustup can't download: a second compiler, which builds the standard library
//! for the target from its source once per target directory (about a minute).

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::Failure;
use crate::step;
use crate::wasm::Toolchain;

const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
/// Where the C library lies that the linker is to find.
const LIBC: &str = "/usr/lib/wasm32-wasi";
/// 110 MB to fetch and unpack.
const APT_LIMIT: Duration = Duration::from_mins(15);

/// All packages that it takes, with the linker's that fits.
pub fn packages(lld: &str) -> [&str; 6] {
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", lld, "wasi-libc"]
}

/// The toolchain of the packages, if all of it is installed.
pub fn toolchain(guests: &Path) -> Result<Option<Toolchain>, Failure> {
    let Some(parts) = Parts::find() else { return Ok(None) };
    let linkers = link_folder(guests, &parts.linker)?;
    let mut path = linkers.into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    Ok(Some(Toolchain {
        cargo: CARGO.into(),
        arguments: vec!["-Zbuild-std=std,panic_abort".into()],
        env: vec![
            ("PATH".into(), path),
            ("RUSTC".into(), RUSTC.into()),
            // Building the standard library is an unstable option of a stable compiler.
            ("RUSTC_BOOTSTRAP".into(), "1".into()),
        ],
        rustflags: ["-C", "link-self-contained=no", "-L", &format!("native={LIBC}")].map(Into::into).to_vec(),
        identity: parts.identity,
    }))
}

/// Installs the packages, if this is Debian and we may. The error within says why not.
pub fn install() -> Result<Result<(), String>, Failure> {
    let Some(known) = known() else { return Ok(Err("there is no apt here".to_owned())) };
    let Some(apt) = Apt::allowed() else {
        return Ok(Err(
            "apt-get needs root, and this is neither root nor a user whose sudo asks no password".to_owned()
        ));
    };
    let mut choice = choose(&known);
    if choice.is_err() {
        // Fresh images come without package lists.
        if let Err(why) = step::attempt(apt.get().arg("update"), APT_LIMIT)? {
            return Ok(Err(format!("apt-get update failed: {why}")));
        }
        choice = choose(&self::known().unwrap_or_default());
    }
    let lld = match choice {
        Ok(lld) => lld,
        Err(missing) => return Ok(Err(format!("apt knows no package {missing}"))),
    };
    let mut install = apt.get();
    // Never at the price of a package that is there: rustc-web and rustc exclude each other.
    install.args(["install", "--yes", "--no-install-recommends", "--no-remove"]).args(packages(&lld));
    step::attempt(&mut install, APT_LIMIT)
}

/// What must be there, found by its files: however they came.
struct Parts {
    linker: PathBuf,
    identity: String,
}

impl Parts {
    fn find() -> Option<Self> {
        if ![CARGO, RUSTC, &format!("{LIBC}/libc.a")].iter().all(|path| Path::new(path).exists()) {
            return None;
        }
        let identity = step::ask(Command::new(RUSTC).arg("-vV"))?;
        let sysroot = PathBuf::from(step::ask(Command::new(RUSTC).args(["--print", "sysroot"]))?.trim());
        let word = |name: &str| Some(identity.lines().find_map(|line| line.strip_prefix(name))?.trim().to_owned());
        let lib = sysroot.join("lib/rustlib");
        let component_linker = lib.join(word("host:")?).join("bin/wasm-component-ld");
        if !lib.join("src/rust/library").is_dir() || !component_linker.exists() {
            return None;
        }
        let llvm = word("LLVM version:")?.split('.').next()?.parse().ok()?;
        Some(Self { linker: linker(llvm)?, identity })
    }
}

/// The newest `wasm-ld` that understands what a compiler with this LLVM writes.
fn linker(llvm: u32) -> Option<PathBuf> {
    let version = |name: &str| name.strip_prefix("wasm-ld-")?.parse::<u32>().ok();
    let names = std::fs::read_dir("/usr/bin").ok()?.flatten().map(|file| file.file_name());
    let versions = names.filter_map(|name| version(name.to_str()?));
    let newest = versions.filter(|version| *version >= llvm).max()?;
    Some(Path::new("/usr/bin").join(format!("wasm-ld-{newest}")))
}

/// A folder for PATH where the linker has the name by which the compiler calls it.
fn link_folder(guests: &Path, linker: &Path) -> Result<PathBuf, Failure> {
    let folder = guests.join("linker");
    let link = folder.join("wasm-ld");
    if std::fs::read_link(&link).is_ok_and(|to| to == linker) {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
    // Beside it first: another xtask may be starting the old one.
    let fresh = folder.join(format!("wasm-ld.{}", std::process::id()));
    symlink(linker, &fresh).map_err(Failure::at(&fresh))?;
    std::fs::rename(&fresh, &link).map_err(Failure::at(&link))?;
    Ok(folder)
}

/// The packages that apt could install, of those we want and of all linkers.
fn known() -> Option<Vec<String>> {
    let names = step::ask(Command::new("apt-cache").args(["pkgnames", "lld-"]))?;
    let mut policy = Command::new("apt-cache");
    policy.arg("policy").args(packages("lld")).args(names.lines()).env("LC_ALL", "C");
    let policy = step::ask(&mut policy)?;
    let mut known = Vec::new();
    let mut package = "";
    for line in policy.lines() {
        if let Some(name) = line.strip_suffix(':').filter(|name| !name.starts_with(' ')) {
            package = name;
        } else if line.trim().strip_prefix("Candidate: ").is_some_and(|version| version != "(none)") {
            known.push(package.to_owned());
        }
    }
    Some(known)
}

/// The linker to install, the newest; or the packages that are missing.
fn choose(known: &[String]) -> Result<String, String> {
    let version = |name: &String| name.strip_prefix("lld-")?.parse::<u32>().ok();
    let lld = known.iter().filter_map(version).max().map(|version| format!("lld-{version}"));
    let Some(lld) = lld else { return Err("lld-22 or newer".to_owned()) };
    let missing: Vec<_> = packages(&lld).into_iter().filter(|name| !known.iter().any(|known| known == name)).collect();
    if missing.is_empty() { Ok(lld) } else { Err(missing.join(", ")) }
}

/// The way in which we may install.
enum Apt {
    Root,
    Sudo,
}

impl Apt {
    fn allowed() -> Option<Self> {
        if rustix::process::geteuid().is_root() {
            return Some(Self::Root);
        }
        step::ask(Command::new("sudo").args(["--non-interactive", "true"])).map(|_| Self::Sudo)
    }

    fn get(&self) -> Command {
        // `env` because sudo passes on no environment.
        let words: &[&str] = match self {
            Self::Root => &["env"],
            Self::Sudo => &["sudo", "--non-interactive", "env"],
        };
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(["LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn takes_the_newest_linker() {
        let known = known(&["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "wasi-libc", "lld-9", "lld-22"]);
        assert_eq!(choose(&known), Ok("lld-22".to_owned()));
    }

    #[test]
    fn names_what_apt_does_not_know() {
        let known = known(&["rustc-web", "cargo-web", "lld-16", "wasi-libc"]);
        assert_eq!(choose(&known), Err("rust-web-src, rust-web-llvm".to_owned()));
        assert_eq!(choose(&[]), Err("lld-22 or newer".to_owned()));
    }
}
