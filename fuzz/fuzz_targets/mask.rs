//! The mask: whatever the credential, and however a service spells it, it cannot be read any more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rolecall::fuzzing::mask;
use rolecall_fuzz::{holds, script::spell};

fuzz_target!(|input: &[u8]| {
    let [length, rest @ ..] = input else { return };
    let length = 8 + usize::from(*length % 32);
    let Some((secret, text)) = rest.split_at_checked(length) else { return };
    let Ok(secret) = std::str::from_utf8(secret) else { return };
    // What the mask itself is made of cannot be told from it, nor what stands for broken text.
    if secret.contains(['*', char::REPLACEMENT_CHARACTER]) {
        return;
    }
    let shown = String::from_utf8_lossy;
    let masked = |text: &[u8]| mask(&[secret], text.to_vec().into());
    // As it comes.
    let once = masked(text);
    assert!(!holds(&once, secret), "{:?}", shown(&once));
    // The rest of a text that takes long is masked too, and it may take long in a shorter text sooner.
    let again = masked(&once);
    let masks_more = || again.strip_suffix(b"***").is_some_and(|start| once.starts_with(start));
    assert!(again == once || masks_more(), "{:?}", shown(&again));
    // Spelled in some way, whatever stands around it.
    let mut spelled = Vec::new();
    for (position, character) in secret.chars().enumerate() {
        spell(&mut spelled, character, text.get(position).copied().unwrap_or_default());
    }
    assert_eq!(&*masked(&spelled), b"***", "{:?}", shown(&spelled));
    if !secret.contains(['<', '>']) {
        let middle = masked(&[b"<", &spelled[..], b">"].concat());
        // The rest is masked too, if it takes long to look for the secret.
        assert!([&b"<***>"[..], b"<***"].contains(&&*middle), "{:?}", shown(&middle));
    }
    // As the libraries write it, without the quotes around it.
    let json = serde_json::to_string(secret).expect("text is JSON");
    assert_eq!(&*masked(&json.as_bytes()[1..json.len() - 1]), b"***", "{json}");
    let form = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    assert_eq!(&*masked(form.as_bytes()), b"***");
});
