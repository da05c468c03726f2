//! A reader of the flat JSON objects that the watch sends. What is nested is passed over.

/// A line that was checked: one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    /// What stands between its braces and after.
    fields: &'a [u8],
}

/// A value of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A whole number.
    Number(i64),
    /// Text between quotes, escapes as they stand.
    Text(&'a [u8]),
    /// True or false.
    Truth(bool),
    /// Null.
    Null,
    /// A number with a fraction or beyond 64 bits, an object or an array.
    Other,
}

impl<'a> Object<'a> {
    /// Exactly one object; `None` when the line is anything else.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let mut scanner = Scanner { rest: line };
        scanner.blank();
        scanner.expect(b'{')?;
        let object = Self { fields: scanner.rest };
        while let Next::Field(..) = scanner.field()? {}
        scanner.blank();
        scanner.rest.is_empty().then_some(object)
    }

    /// The value of the last field of this name, as `JSON.parse` would take it.
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        let mut scanner = Scanner { rest: self.fields };
        let fields = core::iter::from_fn(|| match scanner.field()? {
            Next::Field(key, value) => Some((key, value)),
            Next::End => None,
        });
        fields.filter(|(key, _)| *key == name.as_bytes()).last().map(|(_, value)| value)
    }

    /// A whole number.
    pub fn number(&self, name: &str) -> Option<i64> {
        if let Some(Value::Number(number)) = self.get(name) { Some(number) } else { None }
    }

    /// Text.
    pub fn text(&self, name: &str) -> Option<&'a [u8]> {
        if let Some(Value::Text(text)) = self.get(name) { Some(text) } else { None }
    }
}

enum Next<'a> {
    Field(&'a [u8], Value<'a>),
    End,
}

struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    fn blank(&mut self) {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        (*first == byte).then_some(())
    }

    /// The next field, or the closing brace.
    fn field(&mut self) -> Option<Next<'a>> {
        self.blank();
        if let [b'}', rest @ ..] = self.rest {
            self.rest = rest;
            return Some(Next::End);
        }
        let key = self.quoted()?;
        self.blank();
        self.expect(b':')?;
        let value = self.value()?;
        self.blank();
        match self.rest {
            [b',', rest @ ..] => {
                self.rest = rest;
                self.blank();
                // No comma before the brace.
                (self.rest.first() != Some(&b'}')).then_some(())?;
            }
            [b'}', ..] => {}
            _ => return None,
        }
        Some(Next::Field(key, value))
    }

    fn quoted(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let text = self.rest;
        let mut escaped = false;
        let end = text.iter().position(|byte| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        })?;
        self.rest = text.get(end + 1..)?;
        text.get(..end)
    }

    fn value(&mut self) -> Option<Value<'a>> {
        self.blank();
        match self.rest.first()? {
            b'"' => self.quoted().map(Value::Text),
            b'{' | b'[' => self.nested(),
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                for (word, value) in
                    [(&b"true"[..], Value::Truth(true)), (b"false", Value::Truth(false)), (b"null", Value::Null)]
                {
                    if let Some(rest) = self.rest.strip_prefix(word) {
                        self.rest = rest;
                        return Some(value);
                    }
                }
                None
            }
        }
    }

    fn number(&mut self) -> Option<Value<'a>> {
        let is_part = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
        let end = self.rest.iter().position(|byte| !is_part(byte)).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let text = core::str::from_utf8(number).ok()?;
        text.parse::<f64>().ok()?;
        Some(text.parse().map_or(Value::Other, Value::Number))
    }

    /// Passes over an object or array.
    fn nested(&mut self) -> Option<Value<'a>> {
        let mut depth = 0_usize;
        loop {
            match self.rest.first()? {
                b'"' => {
                    self.quoted()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.rest = self.rest.get(1..)?;
            if depth == 0 {
                return Some(Value::Other);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_whatever_stands_between_them() {
        let line = br#"{ "a" : 1,"b":"x\"}","c":{"a":[2,"]"]},"d":-1.5,"e":true,"f":null, "a":3}"#;

        let object = Object::parse(line).unwrap();

        assert_eq!(object.number("a"), Some(3));
        assert_eq!(object.text("b"), Some(&br#"x\"}"#[..]));
        assert_eq!(object.get("c"), Some(Value::Other));
        assert_eq!(object.get("d"), Some(Value::Other));
        assert_eq!(object.get("e"), Some(Value::Truth(true)));
        assert_eq!(object.get("f"), Some(Value::Null));
        assert_eq!(object.get("g"), None);
        assert_eq!(Object::parse(b"{}").unwrap().get("a"), None);
    }

    #[test]
    fn what_json_parse_would_refuse_is_refused() {
        for line in [
            &b""[..],
            b"{",
            br#"{"a":1"#,
            br#"{"a":1,}"#,
            br#"{"a":1}x"#,
            br#"{"a":}"#,
            br#"{"a"1}"#,
            br#"{"a":1 "b":2}"#,
            b"{a:1}",
            br#"{"a":-}"#,
            br#"{"a":1-2}"#,
            br#"{"a":"x}"#,
            br#"{"a":[1}"#,
            br#"{"a":tru}"#,
            br#"["a"]"#,
            b">",
        ] {
            assert_eq!(Object::parse(line), None, "{}", alloc::string::String::from_utf8_lossy(line));
        }
    }
}
