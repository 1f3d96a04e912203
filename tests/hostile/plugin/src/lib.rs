wit_bindgen::generate!({ path: "../../../wit/0.1.0", world: "detector-plugin" });
use exports::thymus::plugin::detector::{Failure, Finding, Guest};
struct Hostile;
impl Guest for Hostile {
    fn detect() -> Result<Vec<Finding>, Failure> {
        println!("{:?}", std::fs::read_dir("/source").map(|d| d.count()));
        Err(Failure::Failed(thymus::plugin::host::settings()))
    }
}
export!(Hostile);
