//! Placeholders: in a packet with attachments, `{"_placeholder":true,"num":n}` stands for attachment n. The shape must
//! be exact, n in range and every attachment used once; anything else that looks like one is refused, so that what we
//! relay never makes another client's parser fail.

use super::json::Scanner;

/// The key that marks a placeholder.
const MARK: &[u8] = br#""_placeholder""#;

/// Whether the placeholders of this checked JSON use each of `attachments` exactly once.
pub(super) fn are_exact(json: &[u8], attachments: u32) -> bool {
    let mut scanner = Scanner::new(json);
    let mut used = 0_u32;
    while let Some(byte) = scanner.peek() {
        match byte {
            b'{' => match placeholder(json, scanner.at) {
                Some((number, end)) if number < attachments && used & (1 << number) == 0 => {
                    used |= 1 << number;
                    scanner.at = end;
                }
                Some(_) => return false,
                None => scanner.advance(),
            },
            b'"' => match scanner.string() {
                Some(text) if is_mark(text) && is_key(&mut scanner) => return false,
                Some(_) => {}
                None => return false,
            },
            _ => scanner.advance(),
        }
    }
    used.count_ones() == attachments
}

/// The number of the placeholder that starts at `at`, and where it ends. Its two members may come in either order.
fn placeholder(json: &[u8], at: usize) -> Option<(u32, usize)> {
    let mut scanner = Scanner::new(json);
    scanner.at = at;
    scanner.eat(b'{').then_some(())?;
    let (mut marked, mut number) = (false, None);
    for separator in [b',', b'}'] {
        scanner.skip_space();
        let key = scanner.string()?;
        scanner.skip_space();
        scanner.eat(b':').then_some(())?;
        scanner.skip_space();
        match (key, scanner.word()) {
            (MARK, b"true") => marked = true,
            (br#""num""#, [digit @ b'0'..=b'9']) => number = Some(u32::from(digit - b'0')),
            (br#""num""#, [tens @ b'1'..=b'3', ones @ b'0'..=b'9']) => {
                number = Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0')).filter(|number| *number < 32);
            }
            _ => return None,
        }
        scanner.skip_space();
        scanner.eat(separator).then_some(())?;
    }
    marked.then_some((number?, scanner.at))
}

fn is_mark(text: &[u8]) -> bool {
    let escaped = || memchr::memchr(b'\\', text).is_some();
    text == MARK || (escaped() && serde_json::from_slice::<String>(text).is_ok_and(|text| text == "_placeholder"))
}

fn is_key(scanner: &mut Scanner<'_>) -> bool {
    scanner.skip_space();
    scanner.peek() == Some(b':')
}

#[cfg(test)]
mod tests {
    use super::are_exact;

    #[test]
    fn each_attachment_used_once_is_exact() {
        assert!(are_exact(br#"["a",{"_placeholder":true,"num":0}]"#, 1));
        assert!(are_exact(br#"["a",{ "num" : 1 , "_placeholder" : true },{"x":[{"_placeholder":true,"num":0}]}]"#, 2));
        assert!(are_exact(br#"["a","_placeholder",{"b":"_placeholder"},{"_placeholder":true,"num":0}]"#, 1));
        let eleven: Vec<String> = (0..11).map(|n| format!(r#"{{"_placeholder":true,"num":{n}}}"#)).collect();
        assert!(are_exact(format!("[{}]", eleven.join(",")).as_bytes(), 11));
    }

    #[test]
    fn anything_else_that_looks_like_one_is_refused() {
        for json in [
            r#"["a"]"#,
            r#"["a",{"_placeholder":true,"num":1}]"#,
            r#"["a",{"_placeholder":true,"num":-1}]"#,
            r#"["a",{"_placeholder":true,"num":0.5}]"#,
            r#"["a",{"_placeholder":true,"num":"0"}]"#,
            r#"["a",{"_placeholder":true,"num":33}]"#,
            r#"["a",{"_placeholder":true}]"#,
            r#"["a",{"_placeholder":false,"num":0}]"#,
            r#"["a",{"_placeholder":true,"num":0,"more":1}]"#,
            r#"["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#,
            r#"["a",{"_placeholder":true,"num":0},{"_placeholder":1}]"#,
            r#"["a",{"_placeholder":true,"num":0},{"\u005fplaceholder":1}]"#,
            r#"["a",{"num":0,"num":0}]"#,
        ] {
            assert!(!are_exact(json.as_bytes(), 1), "{json}");
        }
    }
}
