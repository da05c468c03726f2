//! Elements one after another, with the names of the open ones kept.

use std::{
    borrow::Cow,
    io::{self, BufWriter, Write},
};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

/// An XML document under way.
pub(super) struct Xml<W: Write> {
    writer: Writer<BufWriter<W>>,
    open: Vec<&'static str>,
}

impl<W: Write> Xml<W> {
    pub fn new(out: W) -> io::Result<Self> {
        let mut writer = Writer::new_with_indent(BufWriter::new(out), b' ', 1);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(Self { writer, open: Vec::new() })
    }

    /// An element that stays open.
    pub fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) -> io::Result<()> {
        self.writer.write_event(Event::Start(start(name, attributes)))?;
        self.open.push(name);
        Ok(())
    }

    /// An element with nothing in it.
    pub fn empty(&mut self, name: &'static str, attributes: &[(&str, &str)]) -> io::Result<()> {
        self.writer.write_event(Event::Empty(start(name, attributes)))
    }

    /// An element with a text in it.
    pub fn text(&mut self, name: &'static str, text: &str) -> io::Result<()> {
        self.writer.write_event(Event::Start(BytesStart::new(name)))?;
        self.writer.write_event(Event::Text(BytesText::new(&allowed(text))))?;
        self.writer.write_event(Event::End(BytesEnd::new(name)))
    }

    /// Ends the element that was opened last.
    pub fn close(&mut self) -> io::Result<()> {
        match self.open.pop() {
            Some(name) => self.writer.write_event(Event::End(BytesEnd::new(name))),
            None => Ok(()),
        }
    }

    /// Nothing follows. Whether all of it was written is known only after this.
    pub fn finish(self) -> io::Result<()> {
        let mut out = self.writer.into_inner();
        out.write_all(b"\n")?;
        out.flush()
    }
}

fn start<'a>(name: &'a str, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    let mut element = BytesStart::new(name);
    for (key, value) in attributes {
        element.push_attribute((*key, &*allowed(value)));
    }
    element
}

/// XML 1.0 has no way to write most control characters, and a reader makes blanks of line ends in an attribute.
fn allowed(text: &str) -> Cow<'_, str> {
    let banned = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    if text.contains(banned) { text.replace(banned, "\u{fffd}").into() } else { text.into() }
}
