//! Whether a file can be parsed without a deep stack. The parser and the passes behind it recurse as deep as the source
//! nests, and a plugin's stack is small: what nests deeper than people write is skipped before it is parsed.
//!
//! It counts, it doesn't lex: strings and comments are only roughly told from code, so it is a bound on honest files. A
//! file made to slip through costs its author one trapped call.

/// The most open brackets at one place.
const DEEPEST: usize = 64;
/// The most words and operators of all the expressions and statements that are open at one place.
const LONGEST: usize = 1_200;

/// Whether brackets and chains of operators stay within what people write.
pub fn is_shallow(source: &str) -> bool {
    let bytes = source.as_bytes();
    let mut open: Vec<usize> = vec![0];
    let mut total = 0;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let mut next = at + 1;
        match byte {
            b'(' | b'[' | b'{' => {
                open.push(0);
                if open.len() > DEEPEST {
                    return false;
                }
            }
            b')' | b']' | b'}' if open.len() > 1 => total -= open.pop().unwrap_or(0),
            b',' | b';' => total -= std::mem::take(open.last_mut().unwrap_or(&mut 0)),
            b'\n' if ends_statement(source, at) => total -= std::mem::take(open.last_mut().unwrap_or(&mut 0)),
            b'\'' | b'"' => next = after_string(bytes, at),
            b'/' if bytes.get(next) == Some(&b'/') => next = line_end(bytes, at),
            _ => {
                next = after_word(bytes, at);
                if next > at + 1 || !byte.is_ascii_whitespace() {
                    total += 1;
                    *open.last_mut().unwrap_or(&mut 0) += 1;
                }
            }
        }
        if total > LONGEST {
            return false;
        }
        at = next;
    }
    true
}

/// A line break ends a statement when neither side of it looks like the middle of an expression.
fn ends_statement(source: &str, at: usize) -> bool {
    let middle = |c: char| "+-*/%&|^<>=?:!~.,([{".contains(c);
    let before = source[..at].trim_ascii_end();
    let after = source[at..].trim_ascii_start();
    !before.ends_with(middle)
        && !before.ends_with("else")
        && !after.starts_with(middle)
        && !["else", "instanceof", "in ", "of ", "as "].iter().any(|word| after.starts_with(word))
}

fn after_word(bytes: &[u8], at: usize) -> usize {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..);
    at + bytes[at..].iter().take_while(|byte| is_word(byte)).count().max(1)
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
}

/// A string ends at its quote, or, where it is none after all, at the end of the line.
fn after_string(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != bytes[at] && bytes[end] != b'\n' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    end.min(bytes.len()) + usize::from(bytes.get(end) == Some(&bytes[at]))
}

#[cfg(test)]
mod tests {
    use super::is_shallow;

    /// The deepest that passes is parsed on a stack as small as a plugin's.
    #[test]
    fn what_passes_fits_on_a_small_stack() {
        use crate::code::is_sound;
        let deepest = |piece: &str, tail: &str, close: &str, most: usize| {
            let build = |count: usize| format!("x = 1;\n{}{tail}{}", piece.repeat(count), close.repeat(count));
            (1..=most).rev().map(build).find(|source| is_shallow(source)).unwrap()
        };
        let sources = [
            deepest("(", "a", ")", 80),
            deepest("[", "a", "]", 80),
            deepest("{", "a", "}", 80),
            deepest("(() => {", "a", "})", 80),
            deepest("a+", "a", "", 1_300),
            deepest("a.", "a", "", 1_300),
            deepest("!", "a", "", 1_300),
            deepest("if(a)", "a", "", 1_300),
            deepest("if (a) {} else ", "{}", "", 1_300),
            deepest("a?b:", "c", "", 1_300),
            deepest("a=>", "a", "", 1_300),
            deepest("a=", "a", "", 1_300),
            deepest("a**", "a", "", 1_300),
            deepest("`${", "a", "}`", 80),
        ];
        let small = std::thread::Builder::new().stack_size(1 << 20);
        let parsed = small.spawn(move || sources.iter().filter(|source| is_sound("a.js", source)).count());
        assert_eq!(parsed.unwrap().join().unwrap(), 14);
    }

    #[test]
    fn what_people_write_passes_and_what_only_attackers_write_does_not() {
        let statement = "const a = f(b).c[d] + (e ? `${g}` : 'h(((((((((')\n";
        assert!(is_shallow(&statement.repeat(5_000)), "no semicolons");
        assert!(is_shallow(&format!("x = [{}]", "{ a: -1, b: [2] },\n".repeat(20_000))), "data");
        for (piece, count) in
            [("(", 70), ("[", 70), ("{", 70), ("a+", 1_000), ("!", 2_000), ("if(a)", 1_300), ("a=>", 1_000)]
        {
            assert!(!is_shallow(&piece.repeat(count)), "{piece}");
        }
        assert!(!is_shallow(&"if (a) {} else\n".repeat(1_500)));
        for odd in ["", "'", "\"\\", "'\\\n", "))))", "é'é", "//", "/"] {
            assert!(is_shallow(odd), "{odd}");
        }
    }
}
