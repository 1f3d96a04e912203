//! A patch as people read it, in the words of `git diff`; `git apply` takes it.

use std::fmt::Write as _;
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

use crate::model::{FileState, PatchSize, PatchedFile, RepoPath};

const CONTEXT: u32 = 3;

pub(super) fn mode(executable: bool) -> &'static str {
    if executable { "100755" } else { "100644" }
}

/// The diff of all files, and its size. `renames` are told as such instead of as a removal and a creation.
pub(super) fn render(files: &[PatchedFile], renames: &[(RepoPath, RepoPath)]) -> (String, PatchSize) {
    let mut out = String::new();
    let mut size = PatchSize { files: u32::try_from(files.len()).unwrap_or(u32::MAX), ..PatchSize::default() };
    for file in files {
        if renames.iter().any(|(from, _)| *from == file.path) {
            continue;
        }
        let path = &file.path;
        if let Some((from, _)) = renames.iter().find(|(_, to)| to == path) {
            push(&mut out, format_args!("diff --git a/{from} b/{path}\nsimilarity index 100%\n"));
            push(&mut out, format_args!("rename from {from}\nrename to {path}\n"));
            continue;
        }
        push(&mut out, format_args!("diff --git a/{path} b/{path}\n"));
        match (&file.before, &file.after) {
            (None, Some(after)) => push(&mut out, format_args!("new file mode {}\n", mode(after.executable))),
            (Some(before), None) => push(&mut out, format_args!("deleted file mode {}\n", mode(before.executable))),
            _ => {}
        }
        let (added, removed) = body(&mut out, file);
        size.added = size.added.saturating_add(added);
        size.removed = size.removed.saturating_add(removed);
    }
    (out, size)
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a String does not fail");
}

fn text(state: Option<&FileState>) -> &str {
    // `build` lets nothing but UTF-8 in.
    state.and_then(|state| std::str::from_utf8(&state.bytes).ok()).unwrap_or("")
}

fn body(out: &mut String, file: &PatchedFile) -> (u32, u32) {
    let input = InternedInput::new(text(file.before.as_ref()), text(file.after.as_ref()));
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    if diff.count_additions() == 0 && diff.count_removals() == 0 {
        return (0, 0);
    }
    // Behind a name with a space git wants a tab, or takes the rest for a date.
    let tab = if file.path.as_str().contains(' ') { "\t" } else { "" };
    let name = |state: &Option<FileState>, side| match state {
        Some(_) => format!("{side}/{}{tab}", file.path),
        None => "/dev/null".to_owned(),
    };
    push(out, format_args!("--- {}\n+++ {}\n", name(&file.before, 'a'), name(&file.after, 'b')));

    let lines = Lines { input: &input };
    let mut group: Vec<(Range<u32>, Range<u32>)> = Vec::new();
    for hunk in diff.hunks() {
        if group.last().is_some_and(|(before, _)| hunk.before.start - before.end > 2 * CONTEXT) {
            lines.hunk(out, &group);
            group.clear();
        }
        group.push((hunk.before, hunk.after));
    }
    lines.hunk(out, &group);
    (diff.count_additions(), diff.count_removals())
}

struct Lines<'a> {
    input: &'a InternedInput<&'a str>,
}

impl Lines<'_> {
    /// Neighbouring changes under one `@@` line, with what stands around them.
    fn hunk(&self, out: &mut String, group: &[(Range<u32>, Range<u32>)]) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
        let end = u32::try_from(self.input.before.len()).unwrap_or(u32::MAX);
        let lead = first.0.start.min(CONTEXT);
        let trail = (end - last.0.end).min(CONTEXT);
        let before = first.0.start - lead..last.0.end + trail;
        let after = first.1.start - lead..last.1.end + trail;
        push(out, format_args!("@@ -{} +{} @@\n", position(&before), position(&after)));
        let mut at = before.start;
        for (removed, added) in group {
            self.lines(out, ' ', &self.input.before, at..removed.start);
            self.lines(out, '-', &self.input.before, removed.clone());
            self.lines(out, '+', &self.input.after, added.clone());
            at = removed.end;
        }
        self.lines(out, ' ', &self.input.before, at..before.end);
    }

    fn lines(&self, out: &mut String, sign: char, tokens: &[imara_diff::Token], range: Range<u32>) {
        for token in &tokens[range.start as usize..range.end as usize] {
            let line = self.input.interner[*token];
            out.push(sign);
            out.push_str(line);
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
}

/// An empty range is named by the line in front of it.
fn position(range: &Range<u32>) -> String {
    match range.end - range.start {
        0 => format!("{},0", range.start),
        length => format!("{},{length}", range.start + 1),
    }
}
