//! The form of an input: one byte that chooses the call, then what the service does to each request.
//!
//! Acts are parted by 0x1e; the last one is done again for ever. An act is a byte for the status, a
//! byte for its kind, and the rest: header lines and an empty line if the kind says so, and the
//! body. 0x1d and the byte behind it stand for the client's credential in one of its spellings, so
//! that no target has to guess it.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use rolecall::fuzzing::Act;

use crate::SECRET;

const STATUSES: [u16; 32] = [
    200, 201, 204, 400, 401, 403, 404, 409, 422, 429, 500, 503, 502, 504, 408, 202, 206, 301, 302,
    303, 304, 307, 308, 402, 405, 410, 412, 413, 501, 505, 520, 299,
];

/// Reads what chooses the call, and the acts.
pub fn read(input: &[u8]) -> (u8, Vec<Act>) {
    let (call, rest) = input.split_first().unwrap_or((&0, &[]));
    (*call, rest.split(|byte| *byte == 0x1e).take(16).map(act).collect())
}

/// The form of an act; the kind is one of those below.
pub fn written(status: u16, kind: u8, text: &str) -> Vec<u8> {
    let status = STATUSES.iter().position(|known| *known == status).expect("it is a known one");
    [&[status as u8, kind], text.as_bytes()].concat()
}

fn act(text: &[u8]) -> Act {
    let (&status, text) = text.split_first().unwrap_or((&0, &[]));
    let (&kind, text) = text.split_first().unwrap_or((&0, &[]));
    let any = || 100 + (u16::from(status) << 5 | u16::from(kind) >> 3) % 900;
    let status = STATUSES.get(usize::from(status)).copied().unwrap_or_else(any);
    let (head, body) = match text.windows(2).position(|two| two == b"\n\n") {
        _ if kind & 4 == 0 => (&[][..], text),
        Some(end) => (&text[..end], &text[end + 2..]),
        None => (text, &[][..]),
    };
    let mut response = Response::builder().status(status);
    for line in head.split(|byte| *byte == b'\n').take(20) {
        let (name, value) = line.split_at(line.iter().position(|b| *b == b':').unwrap_or(0));
        let value = HeaderValue::from_bytes(&spelled(value.get(1..).unwrap_or_default()));
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), value) {
            response = response.header(name, value);
        }
    }
    let response = response.body(Bytes::from(spelled(body))).expect("it has three digits");
    match kind & 3 {
        0 => Act::Respond(response),
        1 => Act::Cut(response),
        2 => Act::NoResponse,
        _ => Act::NotSent,
    }
}

/// Replaces the marks of the credential.
fn spelled(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if byte != 0x1d {
            out.push(byte);
            continue;
        }
        let mut how = bytes.next().copied().unwrap_or_default();
        for character in SECRET.chars() {
            spell(&mut out, character, how);
            how = how.rotate_left(3).wrapping_mul(5).wrapping_add(character as u8 & 1);
        }
    }
    out
}

/// One character in the spelling of plain text, JSON or forms.
pub fn spell(out: &mut Vec<u8>, character: char, how: u8) {
    let (mut units, mut bytes) = ([0; 2], [0; 4]);
    let (units, text) = (character.encode_utf16(&mut units), character.encode_utf8(&mut bytes));
    let spelled = match (how % 7, character) {
        (1, _) => units.iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        (2, _) => units.iter().map(|unit| format!("\\u{unit:04X}")).collect(),
        (3, _) => text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        (4, _) => text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        (5, '"' | '\\' | '/') => format!("\\{character}"),
        (5, '\n') => "\\n".to_owned(),
        (5, '\r') => "\\r".to_owned(),
        (5, '\t') => "\\t".to_owned(),
        (5, '\u{8}') => "\\b".to_owned(),
        (5, '\u{c}') => "\\f".to_owned(),
        (6, ' ') => "+".to_owned(),
        _ => text.to_owned(),
    };
    out.extend(spelled.bytes());
}
