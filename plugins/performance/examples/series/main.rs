//! How well the statistics of detection do on series that others labelled: `cargo run --release --example series -- DATA`,
//! where DATA holds `nab-aws` and `nezha-online-boutique`. What is absent is skipped, and said to be.

mod nab;
mod nezha;

use std::path::PathBuf;

fn main() -> std::process::ExitCode {
    let Some(data) = std::env::args().nth(1).map(PathBuf::from) else {
        eprintln!("usage: series DATA");
        return std::process::ExitCode::from(2);
    };
    for (name, score) in [
        ("nab-aws", nab::score as fn(&std::path::Path) -> Result<String, String>),
        ("nezha-online-boutique", nezha::score),
    ] {
        let dir = data.join(name);
        let said = if dir.is_dir() { score(&dir) } else { Ok("skipped: it is not there".to_owned()) };
        match said {
            Ok(said) => println!("{name}: {said}"),
            Err(why) => println!("{name}: failed: {why}"),
        }
    }
    std::process::ExitCode::SUCCESS
}
