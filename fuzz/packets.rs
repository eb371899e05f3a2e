//! Changes packets into other packets: what bytes alone would break, this keeps whole. A third of the changes are libFuzzer's
//! own, which also break.

use libfuzzer_sys::fuzzer_mutate;

/// JSON values, plain and odd, with space between them.
const VALUES: &str = r#"null true 0 -0 -1 1e0 1E-7 0.5 9007199254740992 1e999
    "" "a" "é" "\ud83d\ude00" "\ud800" "\u0000" "_placeholder" "connect" "dis\u0063onnect" [] {} [1,"b"]
    {"_placeholder":true,"num":0} {"num":1,"_placeholder":true}"#;

/// Names of members.
const NAMES: &str = r"a _placeholder num __proto__ \u005fplaceholder constructor";

/// What stands before the payload.
const HEADS: &str =
    "0 1 2 3 4 5 6 7 51- 52- 61- 510- 511- 2/ns, 3/ns, 51-/ns, 0/ns, 212 37 29007199254740991 511 5 5- 2/ 0/a?b,";

/// Puts a changed packet in place of the one in `data` and returns its length.
pub(crate) fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Random(seed);
    let text = std::str::from_utf8(data.get(..size).unwrap_or_default()).map(str::to_owned);
    let (Ok(text), false) = (text, random.below(3) == 0) else { return fuzzer_mutate(data, size, max_size) };
    let mut changed = text;
    for _ in 0..=random.below(3) {
        changed = change(&mut random, &changed);
    }
    let length = changed.len().min(max_size);
    data[..length].copy_from_slice(&changed.as_bytes()[..length]);
    length
}

fn change(random: &mut Random, text: &str) -> String {
    let tokens = tokens(text);
    let at = random.below(tokens.len() + 1);
    // The head is everything up to the first bracket or brace.
    let payload = tokens.iter().position(|token| *token == "[" || *token == "{").unwrap_or(tokens.len());
    let end = at + value_length(tokens.get(at..).unwrap_or_default());
    let (before, value, behind) = (tokens[..at].concat(), tokens[at..end].concat(), tokens[end..].concat());
    let other = random.pick(VALUES);
    match random.below(9) {
        0 => format!("{}{}", random.pick(HEADS), tokens[payload..].concat()),
        1 => format!("{before}{behind}"),
        2 => format!("{before}{other}{behind}"),
        3 => format!("{before}{value},{other}{behind}"),
        4 => format!("{before}{value},{value}{behind}"),
        5 => format!("{before}[{value}]{behind}"),
        6 => format!("{before}{{\"{}\":{value}}}{behind}", random.pick(NAMES)),
        7 => format!("{before} {value}{behind}"),
        _ => counted(&tokens[payload..].concat(), text),
    }
}

/// The packet as a binary one, with as many attachments as it has placeholders.
fn counted(payload: &str, text: &str) -> String {
    let kind = if text.starts_with(['3', '6']) { '6' } else { '5' };
    format!("{kind}{}-{payload}", payload.matches("_placeholder").count())
}

/// Strings, runs of letters and digits, and every other character by itself.
fn tokens(text: &str) -> Vec<&str> {
    let (mut tokens, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            _ if is_word(first) => rest.find(|next| !is_word(next)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        tokens.push(token);
        rest = behind;
    }
    tokens
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || "+-.".contains(character)
}

fn string_length(text: &str) -> usize {
    let mut is_escaped = true;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// How many tokens the value has that begins here: one, or everything up to the bracket that closes it.
fn value_length(tokens: &[&str]) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match *token {
            "[" | "{" => depth += 1,
            "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// Seeded random numbers, after the generator of Numerical Recipes: libFuzzer hands over the seed.
struct Random(u32);

impl Random {
    fn pick(&mut self, list: &'static str) -> &'static str {
        let words = list.split_whitespace();
        words.clone().nth(self.below(words.count())).unwrap_or_default()
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % bound
    }
}
