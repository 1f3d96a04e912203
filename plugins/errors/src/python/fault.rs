//! What an exception's class and message say, in words the rules can match on.

use crate::exception::Exception;

/// One way for Python code to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `KeyError`; the key as Python writes it, as in `'sku'` or `42`.
    MissingKey(String),
    /// An attribute of `None` was read.
    NoneAttribute(String),
    /// `None[…]`.
    NoneSubscript,
    /// `for x in None`, or `None` unpacked.
    NoneIterable,
    /// `None()`.
    NoneCallable,
    /// `len(None)` and other arguments that must not be `None`.
    NoneArgument,
    /// An operator with `None` on one side.
    NoneOperand {
        operator: String,
    },
    /// `list index out of range` and its kin; whether it is a string's.
    Index {
        of_string: bool,
    },
    /// `pop from empty list`.
    PopEmpty,
    /// `max`, `min`, `mean`, `median`, `reduce`, `choice` of nothing.
    EmptySequence,
    DivisionByZero,
    BadJson,
    /// Text that is no number.
    BadNumber,
    /// Text that is no date or time.
    BadDate,
    /// Bytes that are no text.
    BadText,
    /// A value of an enumeration that isn't there: `'x' is not a valid Color`.
    BadMember,
    /// Too few values for the names on the left.
    NotEnoughValues,
    TooManyValues {
        expected: usize,
    },
    /// A coroutine was used as if it were its result.
    Coroutine,
    /// An operator got a text and something else, or two other types that don't go together.
    Operands {
        operator: String,
        left: String,
        right: String,
    },
    /// `", ".join` got something that is no text.
    JoinedNonText,
    /// `json.dumps` met something it can't write.
    NotSerializable(String),
    /// An attribute that the type doesn't have.
    MissingAttribute {
        kind: String,
        attribute: String,
    },
    /// A function was called without an argument that it needs.
    MissingArgument {
        function: String,
    },
    /// A local variable that no statement on this way has set.
    Unbound(String),
}

impl Fault {
    /// None for what no rule knows.
    pub fn of(exception: &Exception) -> Option<Self> {
        let message = exception.message.trim();
        if message.contains("coroutine") || message.contains("_GatheringFuture") || message.contains("async_generator")
        {
            return Some(Self::Coroutine);
        }
        match exception.kind.rsplit('.').next().unwrap_or_default() {
            "KeyError" if !message.is_empty() => Some(Self::MissingKey(message.to_owned())),
            "AttributeError" => attribute(message),
            "TypeError" => types(message),
            "IndexError" if message.starts_with("pop from") => Some(Self::PopEmpty),
            "IndexError" if message.contains("empty sequence") => Some(Self::EmptySequence),
            "IndexError" if message.contains("index") => Some(Self::Index { of_string: message.starts_with("string") }),
            // `mean` of nothing, `next` of nothing.
            "StatisticsError" | "StopIteration" => Some(Self::EmptySequence),
            "ZeroDivisionError" | "DivisionByZero" | "DivisionUndefined" => Some(Self::DivisionByZero),
            "InvalidOperation" if message.contains("Division") => Some(Self::DivisionByZero),
            "InvalidOperation" if message.contains("ConversionSyntax") || message.is_empty() => Some(Self::BadNumber),
            "JSONDecodeError" => Some(Self::BadJson),
            "UnicodeDecodeError" => Some(Self::BadText),
            "ParserError" => Some(Self::BadDate),
            "ValueError" => value(message),
            "UnboundLocalError" => quoted(message).map(|name| Self::Unbound(name.to_owned())),
            _ => None,
        }
    }

    /// The key of a missing key when it is a text.
    pub fn text_key(&self) -> Option<&str> {
        match self {
            Self::MissingKey(key) => {
                let quote = key.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
                key.strip_prefix(quote)?.strip_suffix(quote)
            }
            _ => None,
        }
    }
}

/// What stands between the first pair of apostrophes.
fn quoted(message: &str) -> Option<&str> {
    message.split('\'').nth(1)
}

fn attribute(message: &str) -> Option<Fault> {
    let mut words = message.split('\'');
    let (kind, attribute) = (words.nth(1)?, words.nth(1)?.to_owned());
    Some(match kind {
        "NoneType" => Fault::NoneAttribute(attribute),
        kind => Fault::MissingAttribute { kind: kind.to_owned(), attribute },
    })
}

fn types(message: &str) -> Option<Fault> {
    let none = message.contains("NoneType");
    let operator = || {
        let after = message.split_once("for ").map_or("", |(_, after)| after);
        after.split([':', '\'']).next().unwrap_or("").split_whitespace().next().unwrap_or("").to_owned()
    };
    if message.starts_with("unsupported operand") {
        let mut words = message.split('\'');
        let (left, right) = (words.nth(1)?.to_owned(), words.nth(1)?.to_owned());
        let operator = operator();
        return Some(if none { Fault::NoneOperand { operator } } else { Fault::Operands { operator, left, right } });
    }
    if message.contains("not supported between instances of") {
        let mut words = message.split('\'');
        let (operator, left, right) = (words.nth(1)?.to_owned(), words.nth(1)?.to_owned(), words.nth(1)?.to_owned());
        return Some(if none { Fault::NoneOperand { operator } } else { Fault::Operands { operator, left, right } });
    }
    if message.starts_with("can only concatenate") || message.starts_with("can't multiply sequence") {
        let multiplied = message.starts_with("can't");
        let operator = if multiplied { "*" } else { "+" }.to_owned();
        if none {
            return Some(Fault::NoneOperand { operator });
        }
        let left = if multiplied { "sequence" } else { message.split_whitespace().nth(3)? }.to_owned();
        let right = message.split(['"', '\'']).nth(if multiplied { 2 } else { 1 })?.to_owned();
        return Some(Fault::Operands { operator, left, right });
    }
    if message.contains("expected str instance") {
        return Some(Fault::JoinedNonText);
    }
    if message.contains("is not JSON serializable") {
        return Some(Fault::NotSerializable(message.split_whitespace().nth(3)?.to_owned()));
    }
    if message.contains("missing") && message.contains("required") {
        return Some(Fault::MissingArgument { function: message.split('(').next()?.to_owned() });
    }
    if !none {
        return None;
    }
    Some(match message {
        m if m.contains("is not subscriptable") || m.contains("item assignment") => Fault::NoneSubscript,
        m if m.contains("is not iterable") || m.contains("cannot unpack") || m.contains("must be a mapping") => {
            Fault::NoneIterable
        }
        m if m.contains("is not callable") => Fault::NoneCallable,
        _ => Fault::NoneArgument,
    })
}

fn value(message: &str) -> Option<Fault> {
    const NUMBERS: [&str; 4] = [
        "invalid literal for int",
        "could not convert string to float",
        "invalid literal for Fraction",
        "cannot convert float NaN",
    ];
    const DATES: [&str; 8] = [
        "does not match format",
        "unconverted data remains",
        "Invalid isoformat string",
        "is out of range",
        "month must be in",
        "hour must be in",
        "year must be",
        "Unknown string format",
    ];
    match message {
        m if NUMBERS.iter().any(|start| m.starts_with(start)) => Some(Fault::BadNumber),
        m if m.starts_with("not enough values to unpack") => Some(Fault::NotEnoughValues),
        m if m.starts_with("too many values to unpack") => {
            let expected = m.split("expected ").nth(1)?.trim_end_matches(|c: char| !c.is_ascii_digit());
            let digits = expected.split(|c: char| !c.is_ascii_digit()).next()?;
            Some(Fault::TooManyValues { expected: digits.parse().ok()? })
        }
        m if m.contains("is an empty sequence") || m.contains("iterable argument is empty") => {
            Some(Fault::EmptySequence)
        }
        m if DATES.iter().any(|part| m.contains(part)) => Some(Fault::BadDate),
        m if m.starts_with("Expecting") || m.starts_with("Extra data") => Some(Fault::BadJson),
        m if m.contains("is not a valid ") => Some(Fault::BadMember),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exception::Language;

    fn fault(kind: &str, message: &str) -> Option<Fault> {
        Fault::of(&Exception {
            language: Language::Python,
            kind: kind.into(),
            message: message.into(),
            frames: vec![],
            handler: String::new(),
            handler_path: None,
            handler_line: None,
            failed: vec![],
            returned: vec![],
            before: vec![],
        })
    }

    #[test]
    fn messages_of_cpython_are_understood() {
        let operands = |operator: &str, left: &str, right: &str| Fault::Operands {
            operator: operator.into(),
            left: left.into(),
            right: right.into(),
        };
        for (kind, message, wanted) in [
            ("KeyError", "'sku'", Fault::MissingKey("'sku'".into())),
            ("AttributeError", "'NoneType' object has no attribute 'name'", Fault::NoneAttribute("name".into())),
            ("TypeError", "'NoneType' object is not subscriptable", Fault::NoneSubscript),
            ("TypeError", "'NoneType' object is not iterable", Fault::NoneIterable),
            ("TypeError", "cannot unpack non-iterable NoneType object", Fault::NoneIterable),
            ("TypeError", "object of type 'NoneType' has no len()", Fault::NoneArgument),
            (
                "TypeError",
                "unsupported operand type(s) for *: 'NoneType' and 'int'",
                Fault::NoneOperand { operator: "*".into() },
            ),
            ("TypeError", "unsupported operand type(s) for +: 'int' and 'str'", operands("+", "int", "str")),
            ("TypeError", "'<' not supported between instances of 'str' and 'int'", operands("<", "str", "int")),
            ("TypeError", "can only concatenate str (not \"int\") to str", operands("+", "str", "int")),
            ("TypeError", "can't multiply sequence by non-int of type 'float'", operands("*", "sequence", "float")),
            ("TypeError", "object of type 'coroutine' has no len()", Fault::Coroutine),
            ("AttributeError", "'coroutine' object has no attribute 'get'", Fault::Coroutine),
            ("TypeError", "sequence item 0: expected str instance, int found", Fault::JoinedNonText),
            (
                "TypeError",
                "f() missing 1 required positional argument: 'x'",
                Fault::MissingArgument { function: "f".into() },
            ),
            ("IndexError", "list index out of range", Fault::Index { of_string: false }),
            ("IndexError", "string index out of range", Fault::Index { of_string: true }),
            ("IndexError", "pop from empty list", Fault::PopEmpty),
            ("StatisticsError", "mean requires at least one data point", Fault::EmptySequence),
            ("ValueError", "max() arg is an empty sequence", Fault::EmptySequence),
            ("ValueError", "max() iterable argument is empty", Fault::EmptySequence),
            ("InvalidOperation", "[<class 'decimal.ConversionSyntax'>]", Fault::BadNumber),
            ("InvalidOperation", "[<class 'decimal.DivisionUndefined'>]", Fault::DivisionByZero),
            ("decimal.DivisionByZero", "[<class 'decimal.DivisionByZero'>]", Fault::DivisionByZero),
            ("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)", Fault::BadJson),
            ("ValueError", "invalid literal for int() with base 10: 'x'", Fault::BadNumber),
            ("ValueError", "not enough values to unpack (expected 2, got 1)", Fault::NotEnoughValues),
            ("ValueError", "too many values to unpack (expected 2)", Fault::TooManyValues { expected: 2 }),
            ("ValueError", "too many values to unpack (expected 2, got 3)", Fault::TooManyValues { expected: 2 }),
            ("ValueError", "time data 'x' does not match format '%Y'", Fault::BadDate),
            ("ValueError", "Invalid isoformat string: 'x'", Fault::BadDate),
            ("UnboundLocalError", "local variable 'x' referenced before assignment", Fault::Unbound("x".into())),
        ] {
            assert_eq!(fault(kind, message), Some(wanted), "{kind}: {message}");
        }
        assert_eq!(fault("ValueError", "quantity must be positive"), None, "the project's own refusal is no fault");
        assert_eq!(fault("OutOfStock", "none left"), None);
    }

    #[test]
    fn no_message_makes_it_panic() {
        for kind in
            ["KeyError", "AttributeError", "TypeError", "IndexError", "ValueError", "UnboundLocalError", "", "é.é"]
        {
            for message in [
                "",
                "'",
                "''",
                "'''",
                "unsupported operand",
                "can only concatenate",
                "can't multiply sequence",
                "'é'",
                "NoneType",
                "too many values to unpack",
                "is not JSON serializable",
                "missing required",
                "not supported between instances of",
            ] {
                let _ = fault(kind, message);
            }
        }
    }
}
