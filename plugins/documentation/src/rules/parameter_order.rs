//! All names agree, and their order doesn't. A finding only: what reads best is a person's choice.

use crate::documented::{Documented, File, drift};
use crate::drift::{Drift, Weight};

/// Where both sides name the same parameters, in another order.
pub fn check(file: &File, function: &Documented) -> Option<Drift> {
    let section = &function.doc.parameters;
    let said: Vec<&str> =
        section.entries.iter().map(|entry| entry.name.as_str()).filter(|name| !name.contains('.')).collect();
    let taken: Vec<&str> = function.named().map(|parameter| parameter.name.as_str()).collect();
    let positional = taken.len() > 1 && said.len() == taken.len() && said.iter().all(|name| taken.contains(name));
    // Arguments by position go wrong only when callers can't name them.
    let is_script = function.doc.style == crate::doc::Style::Jsdoc;
    if section.is_unsure || !positional || said == taken || !is_script {
        return None;
    }
    let at = said.iter().zip(&taken).position(|(said, taken)| said != taken)?;
    let mut found = drift(file, function, "parameter-order", Weight::Wrong, 0.8, said.join(" "));
    found.title = format!("{}: the documentation lists its parameters in another order", function.name);
    found.statement = format!(
        "The documentation of {} lists `{}`; the function takes `{}`",
        function.name,
        said.join(", "),
        taken.join(", ")
    );
    found.place = section.entries.get(at)?.name_at.clone();
    Some(found)
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::javascript;

    #[test]
    fn another_order_misleads_who_calls_by_position() {
        let code =
            "/** X\n * @param {number} b - B.\n * @param {number} a - A.\n */\nfunction f(a, b) { return a - b; }";
        let drifts = javascript(code);
        assert_eq!(drifts[0].rule, "parameter-order");
        assert!(drifts[0].repair.is_none());
    }
}
