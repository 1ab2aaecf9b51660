//! The mask: whatever the credential, and however a service spells it, it cannot be read any more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rolecall::fuzzing::mask;
use serde_json::Value;

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            found.push(name.clone());
            strings(value, found);
        }),
        _ => {}
    }
}

fn can_be_read(text: &[u8], secret: &str) -> bool {
    let secret_bytes = secret.as_bytes();
    let plainly = |text: &[u8]| text.windows(secret_bytes.len()).any(|part| part == secret_bytes);
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_slice(text) {
        strings(&value, &mut found);
    }
    plainly(text)
        || plainly(&percent_encoding::percent_decode(text).collect::<Vec<u8>>())
        || found.iter().any(|text| text.contains(secret))
        || url::form_urlencoded::parse(text)
            .any(|(name, value)| name.contains(secret) || value.contains(secret))
}

/// One character in one of the spellings of JSON and forms.
fn spell(out: &mut Vec<u8>, character: char, how: u8) {
    let mut units = [0; 2];
    let mut bytes = [0; 4];
    match (how % 7, character) {
        (1, _) => {
            for unit in character.encode_utf16(&mut units) {
                out.extend(format!("\\u{unit:04x}").bytes());
            }
        }
        (2, _) => {
            for unit in character.encode_utf16(&mut units) {
                out.extend(format!("\\u{unit:04X}").bytes());
            }
        }
        (3 | 4, _) => {
            for byte in character.encode_utf8(&mut bytes).bytes() {
                let spelled =
                    if how % 7 == 3 { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
                out.extend(spelled.bytes());
            }
        }
        (5, '"' | '\\' | '/') => out.extend([b'\\', character as u8]),
        (5, '\n') => out.extend(b"\\n"),
        (5, '\r') => out.extend(b"\\r"),
        (5, '\t') => out.extend(b"\\t"),
        (5, '\u{8}') => out.extend(b"\\b"),
        (5, '\u{c}') => out.extend(b"\\f"),
        (6, ' ') => out.push(b'+'),
        _ => out.extend(character.encode_utf8(&mut bytes).bytes()),
    }
}

fuzz_target!(|input: &[u8]| {
    let [length, how @ ..] = input else { return };
    let length = 8 + usize::from(*length % 32);
    let Some((secret, how)) = how.split_at_checked(length) else { return };
    let Ok(secret) = std::str::from_utf8(secret) else { return };
    // What the mask itself is made of cannot be told from it, nor what stands for broken text.
    if secret.contains(['*', char::REPLACEMENT_CHARACTER]) {
        return;
    }
    let text = how;
    let masked = |text: &[u8]| mask(&[secret], text.to_vec().into());
    // As it comes.
    let once = masked(text);
    assert!(!can_be_read(&once, secret), "{:?}", String::from_utf8_lossy(&once));
    // The rest of a text that takes long is masked too, and it may take long in a shorter text sooner.
    let again = masked(&once);
    let masks_more = || again.strip_suffix(b"***").is_some_and(|start| once.starts_with(start));
    assert!(again == once || masks_more(), "{:?}", String::from_utf8_lossy(&again));
    // Spelled in some way, whatever stands around it.
    let mut spelled = Vec::new();
    for (position, character) in secret.chars().enumerate() {
        spell(&mut spelled, character, how.get(position).copied().unwrap_or_default());
    }
    assert_eq!(&*masked(&spelled), b"***", "{:?}", String::from_utf8_lossy(&spelled));
    if !secret.contains(['<', '>']) {
        let middle = [b"<".as_slice(), &spelled, b">"].concat();
        let middle = masked(&middle);
        // The rest is masked too, if it takes long to look for the secret.
        assert!(
            [&b"<***>"[..], b"<***"].contains(&&*middle),
            "{:?}",
            String::from_utf8_lossy(&middle)
        );
    }
    // As the libraries write it, without the quotes around it.
    let json = serde_json::to_string(secret).expect("text is JSON");
    assert_eq!(&*masked(&json.as_bytes()[1..json.len() - 1]), b"***", "{json}");
    let form = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    assert_eq!(&*masked(form.as_bytes()), b"***");
});
