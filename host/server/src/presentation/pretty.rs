//! JSON with a line for each member, as OpenSearch indents it.

use std::io::{self, Write};

/// Writes JSON on, indented by two blanks a level, with a line break at its end.
#[derive(Debug)]
pub(super) struct Indented<W> {
    out: W,
    depth: usize,
    is_in_string: bool,
    is_escaped: bool,
    /// What closes the list or object that was just opened.
    opened: Option<u8>,
}

impl<W: Write> Indented<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            depth: 0,
            is_in_string: false,
            is_escaped: false,
            opened: None,
        }
    }

    /// Ends the JSON.
    pub(super) fn end(mut self) -> io::Result<W> {
        self.out.write_all(b"\n")?;
        Ok(self.out)
    }

    fn byte(&mut self, byte: u8) -> io::Result<()> {
        if self.is_in_string {
            let ends = !self.is_escaped && byte == b'"';
            self.is_in_string = !ends;
            self.is_escaped = !self.is_escaped && byte == b'\\';
            return self.out.write_all(&[byte]);
        }
        if byte.is_ascii_whitespace() {
            return Ok(());
        }
        if let Some(close) = self.opened.take() {
            if byte == close {
                // `{ }` and `[ ]`, as OpenSearch has it.
                return self.out.write_all(&[b' ', close]);
            }
            self.depth += 1;
            self.line()?;
        }
        match byte {
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.line()?;
                self.out.write_all(&[byte])
            }
            b',' => {
                self.out.write_all(b",")?;
                self.line()
            }
            b':' => self.out.write_all(b" : "),
            other => {
                self.is_in_string = other == b'"';
                self.opened = match other {
                    b'{' => Some(b'}'),
                    b'[' => Some(b']'),
                    _ => None,
                };
                self.out.write_all(&[other])
            }
        }
    }

    fn line(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| self.out.write_all(b"  "))
    }
}

impl<W: Write> Write for Indented<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        bytes.iter().try_for_each(|byte| self.byte(*byte))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indented(json: &[u8]) -> String {
        let mut indented = Indented::new(Vec::new());
        // As it comes in parts.
        for part in json.chunks(3) {
            indented.write_all(part).expect("it is written");
        }
        String::from_utf8(indented.end().expect("it is written")).expect("text")
    }

    #[test]
    fn indents_and_keeps_every_digit() {
        let json = br#"{"a":[1,1.2345678901234567890123,{}],"b{\"":{ "c" : "x, \\" },"d":[ ]}"#;
        insta::assert_snapshot!(indented(json), @r#"
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
            serde_json::from_str(&indented(json.to_string().as_bytes())).expect("JSON");
        assert_eq!(again, json);
    }
}
