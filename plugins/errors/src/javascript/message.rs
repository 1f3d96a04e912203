//! What V8 says when an exception is thrown by the engine and not by a `throw`: its texts, read back into facts.

/// Which of the two nothings it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    Undefined,
    Null,
}

impl Absent {
    pub fn word(self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Null => "null",
        }
    }
}

/// What went wrong, as the message tells it.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// A property of nothing was read.
    Read { property: Option<String>, of: Absent },
    /// A property of nothing was assigned.
    Write { property: Option<String>, of: Absent },
    /// Nothing was taken apart: `const { a } = undefined`.
    Destructure { property: Option<String>, of: Absent },
    /// `'key' in value`, and the value is nothing, or no object.
    In { key: Option<String> },
    /// Something was iterated that can't be. `what` is the expression as V8 prints it.
    NotIterable { what: String },
    /// Something was called that is no function.
    NotFunction { what: String },
    /// A text is no JSON; `promise` when the text was a promise.
    BadJson { promise: bool },
    /// A text that can't be decoded as a part of a URI.
    BadUri,
    /// A text that is no regular expression.
    BadPattern,
    /// `Array.prototype.slice.call(undefined)` and its like.
    CalledOnNothing,
    /// A number is none, or out of range: array length, repeat count, digits, radix, time, conversion to `BigInt`.
    BadNumber(Number),
    /// A `BigInt` was divided by zero.
    DivisionByZero,
    /// `reduce` of an empty array without an initial value.
    EmptyReduce,
    /// `Object.keys(undefined)` and its like.
    NullToObject,
    /// A `BigInt` and a number in one operation.
    MixedBigInt,
    /// An argument is of a type that Node.js or the engine refuses.
    WrongArgument { received_nothing: bool },
    /// Anything else, as what a `throw` statement says.
    Other,
}

/// Where a number was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    ArrayLength,
    Count,
    Digits,
    Time,
    CodePoint,
    ToBigInt,
}

/// Reads a message. `kind` is the last segment of `exception.type`.
pub fn read(kind: &str, message: &str) -> Fault {
    // Some SDKs put the type before the message, and Node.js puts the error code behind the name.
    let message = message.strip_prefix(kind).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message);
    match kind {
        "SyntaxError" if message.contains("JSON") => Fault::BadJson { promise: message.contains("[object Pr") },
        "SyntaxError" if is_to_big_int(message) => Fault::BadNumber(Number::ToBigInt),
        "SyntaxError" if message.starts_with("Invalid regular expression") || message.starts_with("Invalid flags") => {
            Fault::BadPattern
        }
        "URIError" => Fault::BadUri,
        "RangeError" => range(message),
        _ if kind.starts_with("TypeError") => type_error(message),
        _ => Fault::Other,
    }
}

fn is_to_big_int(message: &str) -> bool {
    message.contains("to a BigInt")
}

fn range(message: &str) -> Fault {
    let number = match message {
        _ if message == "Division by zero" => return Fault::DivisionByZero,
        _ if message.starts_with("Invalid array length") => Number::ArrayLength,
        _ if message.starts_with("Invalid typed array length") => Number::ArrayLength,
        _ if message.starts_with("Array buffer allocation failed") => Number::ArrayLength,
        _ if message.starts_with("Invalid code point") => Number::CodePoint,
        _ if message.starts_with("Invalid count value") => Number::Count,
        _ if message.starts_with("Invalid time value") => Number::Time,
        _ if message.starts_with("toFixed()") || message.starts_with("toPrecision()") => Number::Digits,
        _ if message.starts_with("toString() radix") => Number::Digits,
        _ if is_to_big_int(message) => Number::ToBigInt,
        _ => return Fault::Other,
    };
    Fault::BadNumber(number)
}

fn type_error(message: &str) -> Fault {
    if let Some(fault) = property_of_nothing(message).or_else(|| destructured(message)) {
        return fault;
    }
    if let Some(rest) = message.strip_prefix("Cannot use 'in' operator to search for ") {
        let key = rest.rsplit_once(" in ").map(|(key, _)| key.trim_matches('\'').to_owned());
        return Fault::In { key };
    }
    if let Some((what, _)) =
        message.split_once(" is not iterable").or_else(|| message.split_once(" is not async iterable"))
    {
        return Fault::NotIterable { what: what.to_owned() };
    }
    if message.starts_with("Spread syntax requires")
        || message.contains("is not a function or its return value is not iterable")
    {
        let what = message.split(" is not a function").next().unwrap_or_default();
        return Fault::NotIterable { what: what.to_owned() };
    }
    if let Some(what) = message.strip_suffix(" is not a function") {
        return Fault::NotFunction { what: what.to_owned() };
    }
    let says = |text: &str| message.contains(text);
    match () {
        () if says("Reduce of empty array with no initial value") => Fault::EmptyReduce,
        () if says("Cannot convert undefined or null to object") => Fault::NullToObject,
        () if says(" called on null or undefined") => Fault::CalledOnNothing,
        () if says("Cannot mix BigInt") || says("Cannot convert a BigInt value to a number") => Fault::MixedBigInt,
        () if is_to_big_int(message) => Fault::BadNumber(Number::ToBigInt),
        () if says("must be of type")
            || says("Received undefined")
            || says("must be an instance of")
            || message == "Invalid URL" =>
        {
            Fault::WrongArgument { received_nothing: says("Received undefined") || says("Received null") }
        }
        () => Fault::Other,
    }
}

/// `Cannot read properties of undefined (reading 'x')`, and as V8 said it until version 9.
fn property_of_nothing(message: &str) -> Option<Fault> {
    for (new, old, write) in [
        ("Cannot read properties of ", "Cannot read property '", false),
        ("Cannot set properties of ", "Cannot set property '", true),
    ] {
        let (property, of) = if let Some(rest) = message.strip_prefix(new) {
            let property = rest.split_once(" '").and_then(|(_, end)| end.strip_suffix("')"));
            (property, absent(rest)?)
        } else if let Some(rest) = message.strip_prefix(old) {
            let (property, rest) = rest.split_once("' of ")?;
            (Some(property), absent(rest)?)
        } else {
            continue;
        };
        let property = property.map(str::to_owned);
        return Some(if write { Fault::Write { property, of } } else { Fault::Read { property, of } });
    }
    None
}

fn destructured(message: &str) -> Option<Fault> {
    let rest = message.strip_prefix("Cannot destructure ")?;
    let property =
        rest.strip_prefix("property '").and_then(|rest| rest.split_once('\'')).map(|(name, _)| name.to_owned());
    let of = if rest.trim_end_matches('.').ends_with("null") { Absent::Null } else { Absent::Undefined };
    Some(Fault::Destructure { property, of })
}

fn absent(text: &str) -> Option<Absent> {
    match text {
        _ if text.starts_with("undefined") => Some(Absent::Undefined),
        _ if text.starts_with("null") => Some(Absent::Null),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_v8_are_understood() {
        let name = |name: &str| Some(name.to_owned());
        for (kind, message, fault) in [
            (
                "TypeError",
                "Cannot read properties of undefined (reading 'a')",
                Fault::Read { property: name("a"), of: Absent::Undefined },
            ),
            (
                "TypeError",
                "TypeError: Cannot read properties of null (reading 'a')",
                Fault::Read { property: name("a"), of: Absent::Null },
            ),
            ("TypeError", "Cannot read property 'a' of null", Fault::Read { property: name("a"), of: Absent::Null }),
            (
                "TypeError",
                "Cannot set properties of undefined (setting 'a')",
                Fault::Write { property: name("a"), of: Absent::Undefined },
            ),
            (
                "TypeError",
                "Cannot destructure property 'a' of 'cfg.b' as it is undefined.",
                Fault::Destructure { property: name("a"), of: Absent::Undefined },
            ),
            (
                "TypeError",
                "Cannot destructure 'x' as it is null.",
                Fault::Destructure { property: None, of: Absent::Null },
            ),
            (
                "TypeError",
                "Cannot use 'in' operator to search for 'limits' in undefined",
                Fault::In { key: name("limits") },
            ),
            ("TypeError", "Cannot use 'in' operator to search for 'a' in some text", Fault::In { key: name("a") }),
            ("TypeError", "Array.prototype.slice called on null or undefined", Fault::CalledOnNothing),
            ("URIError", "URI malformed", Fault::BadUri),
            ("SyntaxError", "Invalid regular expression: /(/: Unterminated group", Fault::BadPattern),
            ("RangeError", "Invalid code point -1", Fault::BadNumber(Number::CodePoint)),
            ("TypeError", "q.items is not iterable", Fault::NotIterable { what: "q.items".into() }),
            (
                "TypeError",
                "number 5 is not iterable (cannot read property Symbol(Symbol.iterator))",
                Fault::NotIterable { what: "number 5".into() },
            ),
            ("TypeError", "o.y is not a function", Fault::NotFunction { what: "o.y".into() }),
            ("TypeError", "Reduce of empty array with no initial value", Fault::EmptyReduce),
            ("TypeError", "Cannot convert undefined or null to object", Fault::NullToObject),
            ("TypeError", "Cannot mix BigInt and other types, use explicit conversions", Fault::MixedBigInt),
            (
                "TypeError",
                "The \"path\" argument must be of type string. Received undefined",
                Fault::WrongArgument { received_nothing: true },
            ),
            ("SyntaxError", "Unexpected end of JSON input", Fault::BadJson { promise: false }),
            (
                "SyntaxError",
                "Unexpected token 'o', \"[object Pr\"... is not valid JSON",
                Fault::BadJson { promise: true },
            ),
            ("SyntaxError", "Unexpected token < in JSON at position 0", Fault::BadJson { promise: false }),
            ("SyntaxError", "Cannot convert abc to a BigInt", Fault::BadNumber(Number::ToBigInt)),
            ("SyntaxError", "Unexpected identifier", Fault::Other),
            ("RangeError", "Division by zero", Fault::DivisionByZero),
            ("RangeError", "Invalid array length", Fault::BadNumber(Number::ArrayLength)),
            ("RangeError", "Invalid time value", Fault::BadNumber(Number::Time)),
            ("RangeError", "toFixed() digits argument must be between 0 and 100", Fault::BadNumber(Number::Digits)),
            ("Error", "no such order", Fault::Other),
        ] {
            assert_eq!(read(kind, message), fault, "{message}");
        }
    }
}
