//! Takes persons and secrets out of captured values before they get into a test file: mail addresses, phone numbers, cards
//! (by Luhn's check), IBANs (ISO 7064, mod 97), addresses of machines, tokens, and what keys call a person's. Each is replaced
//! by a value of the same shape that still passes the same checks, the same one by the same. A net with holes, not a
//! promise: a person reads the test.

use std::collections::BTreeMap;

use serde_json::Value;

/// Values nest no deeper than this; what does is taken for harmless by nobody.
const DEEPEST: usize = 32;
/// Domains that belong to nobody.
const NOBODY: [&str; 6] = ["example.com", "example.org", "example.net", ".example", ".test", ".invalid"];

/// Remembers what was replaced by what.
#[derive(Debug, Default)]
pub struct Replacements {
    known: BTreeMap<String, String>,
    mails: BTreeMap<String, String>,
}

impl Replacements {
    /// The value without persons and secrets.
    pub fn clean(&mut self, value: &Value) -> Value {
        self.inside(value, "", 0)
    }

    fn inside(&mut self, value: &Value, key: &str, depth: usize) -> Value {
        match value {
            _ if depth > DEEPEST => Value::Null,
            Value::String(text) => Value::String(self.text(text, key)),
            Value::Array(items) => items.iter().map(|item| self.inside(item, key, depth + 1)).collect(),
            Value::Object(entries) => {
                entries.iter().map(|(key, inner)| (self.text(key, ""), self.inside(inner, key, depth + 1))).collect()
            }
            Value::Number(number) if is_card(&number.to_string()) => {
                same_digits(&number.to_string()).parse::<u64>().map_or(Value::Null, Value::from)
            }
            other => other.clone(),
        }
    }

    fn text(&mut self, text: &str, key: &str) -> String {
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let number = self.known.len() + 1;
        let clean = of_key(text, &words(key), number).unwrap_or_else(|| self.of_shape(text, number));
        if clean != text {
            self.known.insert(text.to_owned(), clean.clone());
        }
        clean
    }

    /// What a text shows of itself, whole or in parts.
    fn of_shape(&mut self, text: &str, number: usize) -> String {
        let compact: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if is_card(&compact) && text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-')) {
            return reformatted(text, &same_digits(&compact));
        }
        if let Some(iban) = other_iban(&compact) {
            return reformatted(text, &iban);
        }
        if is_phone(text) {
            return same_shape(text);
        }
        let clean = self.without_mail(text);
        clean.split_inclusive(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '(' | ')')).fold(
            String::new(),
            |mut all, part| {
                let word = part
                    .trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '(' | ')'));
                all.push_str(&of_word(word, number));
                all.push_str(&part[word.len()..]);
                all
            },
        )
    }

    fn without_mail(&mut self, text: &str) -> String {
        let local = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('@') {
            let before = &rest[..at];
            let start = before.trim_end_matches(local).len();
            let after = &rest[at + 1..];
            let domain =
                after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || ".-".contains(c)).len();
            let host = after[..domain].trim_end_matches(['.', '-']);
            let is_mail = start < at && host.contains('.') && !NOBODY.iter().any(|own| host.ends_with(own));
            if is_mail {
                out.push_str(&before[..start]);
                let number = self.mails.len() + 1;
                let mail = format!("{}@{host}", &before[start..]);
                let other = self.mails.entry(mail).or_insert_with(|| format!("user{number}@example.com"));
                out.push_str(other);
            } else {
                out.push_str(&rest[..=at]);
                out.push_str(host);
            }
            rest = &after[host.len()..];
        }
        out.push_str(rest);
        out
    }
}

/// `firstName`, `first_name`, `First-Name` as `first name`.
fn words(key: &str) -> String {
    let mut words = String::new();
    for (at, c) in key.char_indices() {
        if c.is_uppercase() && at > 0 && !words.ends_with(' ') {
            words.push(' ');
        }
        words.extend(if c.is_alphanumeric() { c.to_lowercase().next() } else { Some(' ') });
    }
    words
}

/// What a key says of its value.
fn of_key(text: &str, key: &str, number: usize) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let is = |names: &[&str]| names.iter().any(|name| key == *name || key.ends_with(&format!(" {name}")));
    if is(&["password", "passwd", "secret", "token", "api key", "apikey", "access key", "private key", "authorization"])
    {
        Some(masked(text))
    } else if is(&["phone", "mobile", "telephone", "tel", "fax", "ssn", "personal number", "national id", "passport"]) {
        Some(same_shape(text))
    } else if is(&["first name", "last name", "full name", "surname", "given name", "family name"])
        || (is(&["name", "customer", "contact", "recipient", "author", "user"]) && is_persons(text))
    {
        Some(if text.contains(' ') { format!("Alex Example{number}") } else { format!("Alex{number}") })
    } else if is(&["street", "address", "address line", "street address"]) && text.chars().any(char::is_alphabetic) {
        Some(format!("{number} Example Street"))
    } else if is(&["birthday", "birthdate", "date of birth", "dob", "born"]) {
        Some("1990-01-01".to_owned())
    } else {
        None
    }
}

/// Two to four words, each with a capital: a person's name, as far as anybody can tell.
fn is_persons(text: &str) -> bool {
    let parts: Vec<&str> = text.split(' ').collect();
    let named = |part: &&str| {
        let mut letters = part.chars();
        letters.next().is_some_and(char::is_uppercase)
            && letters.clone().any(char::is_lowercase)
            && letters.all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '.'))
    };
    (2..=4).contains(&parts.len()) && parts.iter().all(named)
}

fn of_word(word: &str, number: usize) -> String {
    if word.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| !ip.is_loopback() && !ip.is_unspecified()) {
        return format!("192.0.2.{}", number % 250 + 1);
    }
    if is_card(word) {
        return same_digits(word);
    }
    let secret =
        ["sk_", "pk_", "ghp_", "gho_", "xoxb-", "AKIA", "eyJ", "Bearer"].iter().any(|mark| word.starts_with(mark));
    if secret && word.len() >= 12 {
        return masked(word);
    }
    word.to_owned()
}

/// 13 to 19 digits that pass Luhn's check, and are not all the same.
fn is_card(digits: &str) -> bool {
    (13..=19).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits.bytes().any(|byte| byte != digits.as_bytes()[0])
        && luhn(digits).is_multiple_of(10)
}

fn luhn(digits: &str) -> u32 {
    let digit = |(at, byte): (usize, u8)| {
        let digit = u32::from(byte - b'0') * if at % 2 == 1 { 2 } else { 1 };
        if digit > 9 { digit - 9 } else { digit }
    };
    digits.bytes().rev().enumerate().map(digit).sum()
}

/// A card number of the same length and first digit that nobody has, with its check digit.
fn same_digits(card: &str) -> String {
    let mut digits = format!("{}{}", &card[..1], "0".repeat(card.len() - 1));
    let check = (10 - luhn(&digits) % 10) % 10;
    digits.pop();
    digits.push(char::from_digit(check, 10).unwrap_or('0'));
    digits
}

/// Another IBAN of the same country and length, where it is one.
fn other_iban(text: &str) -> Option<String> {
    let is_letter = |byte: &u8| byte.is_ascii_uppercase();
    let bytes = text.as_bytes();
    let plausible = (15..=34).contains(&bytes.len())
        && bytes[..2].iter().all(is_letter)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes.iter().all(|byte| byte.is_ascii_digit() || is_letter(byte));
    if !plausible || remainder(&format!("{}{}", &text[4..], &text[..4])) != 1 {
        return None;
    }
    let body = "0".repeat(bytes.len() - 4);
    let check = 98 - remainder(&format!("{body}{}00", &text[..2]));
    Some(format!("{}{check:02}{body}", &text[..2]))
}

/// Modulo 97, letters as two digits.
fn remainder(text: &str) -> u32 {
    text.chars().fold(0, |rest, c| match c.to_digit(36) {
        Some(value) if value > 9 => (rest * 100 + value) % 97,
        Some(value) => (rest * 10 + value) % 97,
        None => rest,
    })
}

/// `+47 55 12 34 56`: in international form, because other numbers are numbers of anything.
fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.starts_with('+')
        && (8..=15).contains(&digits)
        && text.chars().skip(1).all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '.'))
}

/// Other digits in the same places.
fn same_shape(text: &str) -> String {
    let mut digits = "5550100".chars().cycle();
    text.chars().map(|c| if c.is_ascii_digit() { digits.next().unwrap_or('5') } else { c }).collect()
}

fn masked(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii_digit() {
                '0'
            } else if c.is_alphabetic() {
                'x'
            } else {
                c
            }
        })
        .collect()
}

/// With spaces and dashes where they were.
fn reformatted(like: &str, compact: &str) -> String {
    let mut letters = compact.chars();
    like.chars().map(|c| if matches!(c, ' ' | '-') { c } else { letters.next().unwrap_or(c) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn persons_and_secrets_become_others_of_the_same_shape() {
        let mut replacements = Replacements::default();
        for (before, after) in [
            (json!({ "email": "ada@quist.no" }), json!({ "email": "user1@example.com" })),
            (json!("mail ada@quist.no, please"), json!("mail user1@example.com, please")),
            (json!("4111 1111 1111 1111"), json!("4000 0000 0000 0002")),
            (json!("DE89370400440532013000"), json!("DE36000000000000000000")),
            (json!("+47 55 12 34 56"), json!("+55 50 10 05 55")),
            (json!({ "password": "hunter2!" }), json!({ "password": "xxxxxx0!" })),
            (json!({ "customerName": "Ada Quist" }), json!({ "customerName": "Alex Example7" })),
            (json!({ "street": "Torvgata 4" }), json!({ "street": "8 Example Street" })),
            (json!("10.1.2.3"), json!("192.0.2.10")),
        ] {
            assert_eq!(replacements.clean(&before), after);
        }
        assert_eq!(replacements.clean(&json!(["ada@quist.no"])), json!(["user1@example.com"]), "the same by the same");
    }

    #[test]
    fn the_rest_stays() {
        for value in [
            json!({ "name": "Enamel mug" }),
            json!("2026-11-24"),
            json!("ch_000123"),
            json!(1_234_567),
            json!("a@b"),
            json!("ada@example.com"),
            json!("12345678901234"),
            json!("127.0.0.1"),
        ] {
            assert_eq!(Replacements::default().clean(&value), value);
        }
    }

    #[test]
    fn what_takes_their_place_passes_the_same_checks() {
        assert!(is_card(&same_digits("5500005555555559")));
        assert!(other_iban(&other_iban("NO9386011117947").unwrap()).is_some());
    }
}
