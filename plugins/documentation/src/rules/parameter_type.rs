//! A documented type that the annotation contradicts, where both are plain.

use crate::documented::{Documented, File, drift, repair};
use crate::drift::{Drift, Replace, Weight};
use crate::types;

/// Each documented type that differs.
pub fn check(file: &File, function: &Documented) -> Vec<Drift> {
    let entries = function.doc.parameters.entries.iter().filter(|entry| !entry.is_shared);
    let found = entries.filter_map(|entry| {
        let parameter = function.named().find(|parameter| parameter.name == entry.name)?;
        let (documented, at) = entry.kind.as_ref()?;
        let annotated = parameter.annotation.as_deref()?;
        if !types::conflict(Some(documented), Some(annotated)) {
            return None;
        }
        let name = &entry.name;
        let mut found = drift(file, function, "parameter-type", Weight::Wrong, 0.85, name.clone());
        found.title = format!("{}: {name} is documented as {documented} and annotated as {annotated}", function.name);
        found.statement = format!(
            "The documentation of {} gives `{name}` the type `{documented}`; its annotation is `{annotated}`",
            function.name
        );
        found.place = at.clone();
        found.repair = repair(
            format!("Document {name} of {} as {annotated}", function.name),
            format!("The annotation of `{name}` is `{annotated}`; a type checker holds callers to it."),
            [Replace::of(&file.content, at.clone(), annotated)],
        );
        Some(found)
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{python, repaired};

    #[test]
    fn a_plain_type_is_corrected() {
        let code = "def f(a: str, b: int = 1):\n    \"\"\"X.\n\n    Args:\n        a (int): A.\n        b (int, optional): B.\n    \"\"\"\n";
        let drifts = python(code);
        assert_eq!(drifts.len(), 1);
        assert_eq!(repaired(code, &drifts[0]), code.replace("a (int)", "a (str)"));
    }
}
