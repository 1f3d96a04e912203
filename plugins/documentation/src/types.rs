//! Types that can be told apart without a type checker: the plain ones that both sides name.

/// A plain type, under one name for all its spellings.
fn plain(text: &str) -> Option<&'static str> {
    let mut bare = text.trim().trim_matches(['`', '"', '\'']);
    for role in [":obj:`", ":class:`", ":py:class:`"] {
        bare = bare.strip_prefix(role).unwrap_or(bare);
    }
    bare = bare.trim_start_matches('~').trim_start_matches("builtins.");
    Some(match bare {
        "int" | "integer" => "int",
        "float" => "float",
        "str" | "string" | "String" => "str",
        "bool" | "boolean" | "Boolean" => "bool",
        "bytes" => "bytes",
        "number" | "Number" => "number",
        "bigint" => "bigint",
        "list" | "dict" | "tuple" | "set" => match bare {
            "list" => "list",
            "dict" => "dict",
            "tuple" => "tuple",
            _ => "set",
        },
        _ => return None,
    })
}

/// Whether both are plain types, and no value has both.
pub fn conflict(documented: Option<&str>, annotated: Option<&str>) -> bool {
    let (Some(documented), Some(annotated)) = (documented.and_then(plain), annotated.and_then(plain)) else {
        return false;
    };
    let numbers = ["int", "float", "number", "bool"];
    let both_numbers = |pair: [&str; 2]| pair.iter().all(|one| numbers.contains(one)) && pair.contains(&"float");
    // A whole number is a float to those who write documentation.
    documented != annotated && !both_numbers([documented, annotated])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_types_conflict() {
        for (documented, annotated) in [("int", "str"), ("string", "number"), ("list", "dict"), ("bool", "int")] {
            assert!(conflict(Some(documented), Some(annotated)), "{documented} {annotated}");
        }
        for (documented, annotated) in
            [("int", "float"), ("array-like", "list"), ("str", "Optional[int]"), ("string", "str"), ("Foo", "int")]
        {
            assert!(!conflict(Some(documented), Some(annotated)), "{documented} {annotated}");
        }
        assert!(!conflict(None, Some("int")));
    }
}
