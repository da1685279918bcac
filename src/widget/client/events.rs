//! Server-sent events out of the bytes of a response. (`EventSource` cannot send a bearer token.)

/// Reads `data` out of a stream of bytes, however they are cut (WHATWG HTML, 9.2.6).
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    data: String,
    after_cr: bool,
}

impl Parser {
    /// Takes bytes in and calls `each` with the data of every event that is complete.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&str)) {
        for byte in bytes {
            match byte {
                // The second half of a line end that was taken already.
                b'\n' if self.after_cr => {}
                b'\n' | b'\r' => self.end_line(&mut each),
                other => self.line.push(*other),
            }
            self.after_cr = *byte == b'\r';
        }
    }

    fn end_line(&mut self, each: &mut impl FnMut(&str)) {
        if self.line.is_empty() {
            if !self.data.is_empty() {
                each(self.data.trim_end_matches('\n'));
                self.data.clear();
            }
            return;
        }
        // Names, ids and comments (which keep the connection open) tell nothing here.
        if let Some(value) = self.line.strip_prefix(b"data:") {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            // An event stream is UTF-8; what is not, is no event of ours.
            self.data.push_str(std::str::from_utf8(value).unwrap_or_default());
            self.data.push('\n');
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<String> {
        let mut parser = Parser::default();
        let mut all = Vec::new();
        for piece in pieces {
            parser.push(piece, |data| all.push(data.to_owned()));
        }
        all
    }

    #[test]
    fn events_are_read_however_the_bytes_are_cut() {
        let stream =
            ": hello\n\nevent: erasure\ndata: {\"name\":\"Zoë\"}\n\ndata:one\ndata: two\r\n\r\nid: 7\n\n"
                .as_bytes();
        let whole = read(&[stream]);
        assert_eq!(whole, ["{\"name\":\"Zoë\"}", "one\ntwo"]);
        for at in 0..stream.len() {
            assert_eq!(read(&[&stream[..at], &stream[at..]]), whole, "cut at {at}");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(read(&bytes), whole);
    }

    #[test]
    fn an_event_that_is_not_complete_is_not_told() {
        assert!(read(&[b"data: half\n"]).is_empty());
    }
}
