//! JSON with a line for each member, as OpenSearch indents it.

/// The same JSON, indented by two blanks a level, with a line break at its end.
pub(super) fn indented(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut depth = 0;
    let mut bytes = json.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                out.push(byte);
                copy_string(&mut bytes, &mut out);
            }
            b'{' | b'[' => {
                out.push(byte);
                while bytes.next_if(u8::is_ascii_whitespace).is_some() {}
                let close = if byte == b'{' { b'}' } else { b']' };
                if bytes.next_if_eq(&close).is_some() {
                    // `{ }` and `[ ]`, as OpenSearch has it.
                    out.extend([b' ', close]);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend(b" : "),
            blank if blank.is_ascii_whitespace() => {}
            other => out.push(other),
        }
    }
    out.push(b'\n');
    out
}

/// Copies the rest of a string.
fn copy_string(bytes: &mut impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    while let Some(byte) = bytes.next() {
        out.push(byte);
        match byte {
            b'"' => return,
            b'\\' => out.extend(bytes.next()),
            _ => {}
        }
    }
}

fn line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b' ', 2 * depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indents_and_keeps_every_digit() {
        let json = br#"{"a":[1,1.2345678901234567890123,{}],"b{\"":{ "c" : "x, \\" },"d":[ ]}"#;
        let text = String::from_utf8(indented(json)).expect("text");
        insta::assert_snapshot!(text, @r#"
        {
          "a" : [
            1,
            1.2345678901234567890123,
            { }
          ],
          "b{\"" : {
            "c" : "x, \\"
          },
          "d" : [ ]
        }
        "#);
    }

    #[test]
    fn it_is_the_same_json() {
        let json = serde_json::json!({"a": [null, true, [], {"b": "\u{1}\"é\\"}], "": -1.5e3});
        let again: serde_json::Value =
            serde_json::from_slice(&indented(json.to_string().as_bytes())).expect("JSON");
        assert_eq!(again, json);
    }
}
